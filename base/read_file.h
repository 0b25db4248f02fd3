// A whole file as text.
#pragma once

#include <string>

#include "base/result.h"

namespace wgns {

// Any file that can be read to its end, those of /proc too. EISDIR: a folder. ESRCH: what it tells
// of has ended meanwhile, as happens in /proc/PID.
Result<std::string> read_file(const std::string& path);
// The same for a reader to whom a file that cannot be read is as good as an empty one.
std::string text_of_file(const std::string& path);

}  // namespace wgns
