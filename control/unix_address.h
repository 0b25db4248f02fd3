// Where a UNIX socket is, as the kernel takes it (unix(7)).
#pragma once

#include <sys/un.h>

#include <string>

#include "base/result.h"

namespace wgns {

// ENAMETOOLONG: the kernel has no room for such a path.
[[nodiscard]] Result<sockaddr_un> unix_address(const std::string& path);

}  // namespace wgns
