// Waiting until a tunnel is known to work, from the command that made it.
#pragma once

#include <chrono>

#include "base/result.h"
#include "control/failure.h"
#include "control/state_dir.h"

namespace wgns {

// Has the daemon start handshakes, and waits until there is one with any peer, or the time is over,
// or SIGINT or SIGTERM waits to be taken.
[[nodiscard]] Result<Done, Failure> wait_first_handshake(const StateDir& state,
                                                         std::chrono::seconds patience);

}  // namespace wgns
