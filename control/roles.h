// The processes that `up` leaves behind, and those beside the command of `run`, started by
// spawn_self with a channel on role_channel_fd. Each returns its exit status.
#pragma once

#include <string>

namespace wgns {

// Gets the instance's descriptors over the channel, keeps a daemon running, and at its end takes
// the instance away. Tells the command that started it {"ready": true}, or {"failed": "why"} once
// nothing is left.
[[nodiscard]] int supervisor_role(const std::string& instance);

// The same for an instance without a name, of which there is nothing to take away: its end is all.
[[nodiscard]] int keeper_role(const std::string& instance);

[[nodiscard]] int daemon_role(const std::string& instance);

}  // namespace wgns
