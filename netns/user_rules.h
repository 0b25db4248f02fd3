// The user's own rules in nft's language, by libnftables. The only unit that knows this library: it
// may print, it ends the process where there is no nftables at all, and it keeps what it knows of
// interfaces for the whole process. So one thread of a process calls this, and no other meanwhile.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "netns/firewall_rules.h"
#include "netns/namespace.h"

namespace wgns {

struct UserRules {
    std::vector<std::string> lines;  // come first
    std::string file;                // empty: none
    std::string folder;              // what `include` looks in; empty: none

    [[nodiscard]] bool empty() const noexcept { return lines.empty() && file.empty(); }
};

// Replaces every rule of the namespace in one transaction: by the plan's, if there is one, and
// behind them the user's, which may refer to them. The kernel checks all of it first, as it would
// apply it. An error leaves what was there and has nft's message and where it is:
// "ExtraFirewallRules:2", "FILE:7". `identity` is the namespace's, as the journal has it.
[[nodiscard]] Status apply_user_rules(const Namespace& ns, ino_t identity,
                                      const std::optional<FirewallPlan>& plan,
                                      const UserRules& rules);

}  // namespace wgns
