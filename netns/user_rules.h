// The user's own rules in nft's language, by libnftables. The only unit that knows this library: it
// may print, and it ends the process where there is no nftables at all.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "netns/namespace.h"

namespace wgns {

struct UserRules {
    std::vector<std::string> lines;  // come first
    std::string file;                // empty: none
    std::string folder;              // what `include` looks in; empty: none

    [[nodiscard]] bool empty() const noexcept { return lines.empty() && file.empty(); }
};

// Has the kernel check all of it as it would apply it, and then applies it, in one transaction and
// behind the rules that are there, which it may refer to. An error has nft's message and where it
// is: "ExtraFirewallRules:2", "FILE:7". `identity` is the namespace's, as the journal has it.
[[nodiscard]] Status apply_user_rules(const Namespace& ns, ino_t identity, const UserRules& rules);

}  // namespace wgns
