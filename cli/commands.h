// The command line: what it means, what it prints and the exit status.
#pragma once

#include <string>

#include "cli/completion.h"

namespace wgns {

// Exit statuses are those of control/failure.h; for `exec` the command takes the process over.
[[nodiscard]] int run_command_line(int argc, char** argv);

// The file that lets a shell complete it.
[[nodiscard]] std::string completion_of_command_line(Shell shell);

}  // namespace wgns
