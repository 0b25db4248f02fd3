// The command line: what it means, what it prints and the exit status.
#pragma once

namespace wgns {

// Exit statuses are those of control/failure.h; for `exec` the command takes the process over.
[[nodiscard]] int run_command_line(int argc, char** argv);

}  // namespace wgns
