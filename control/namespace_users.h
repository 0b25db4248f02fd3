// Who is inside a network namespace.
#pragma once

#include <string>
#include <vector>

namespace wgns {

// "COMMAND (PID)" for each process whose network namespace is the one of the file `netns`. Empty
// when there is no such file. Processes that the caller may not look at are left out.
[[nodiscard]] std::vector<std::string> processes_inside(const std::string& netns);

}  // namespace wgns
