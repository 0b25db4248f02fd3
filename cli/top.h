// `wgns-user top`: a live view of instances in the terminal, or one frame of it as text.
#pragma once

#include <string>

#include "base/result.h"
#include "control/failure.h"

namespace wgns {

// Every instance where `name` is empty. Live, it returns when the user quits or on SIGINT, SIGTERM,
// SIGHUP and SIGQUIT, with the terminal as it was; needs a terminal. Once, it reads twice, a second
// apart, and prints what that shows.
[[nodiscard]] Result<Done, Failure> run_top(const std::string& name, bool once);

}  // namespace wgns
