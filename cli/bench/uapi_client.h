// The little of UAPI that a benchmark says to an implementation: whether it is there, and its
// configuration (the protocol's page on cross-platform user space).
#pragma once

#include <string>

#include "base/result.h"

namespace wgns::bench {

[[nodiscard]] std::string uapi_path(const std::string& interface);
// Whether somebody answers `get` there, without an error.
[[nodiscard]] bool uapi_answers(const std::string& interface);
// `lines`: key=value, each line ended, without the first ("set=1").
[[nodiscard]] Status uapi_set(const std::string& interface, const std::string& lines);

}  // namespace wgns::bench
