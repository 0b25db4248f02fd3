// The rules of a namespace, in the kernel (nftables, by libnftnl).
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "netns/firewall_rules.h"
#include "netns/namespace.h"

namespace wgns {

// Replaces every rule of the namespace in one transaction: afterwards the plan's are there, or
// those from before. `identity` is the namespace's, as the journal has it: nothing is touched in
// another.
[[nodiscard]] Status apply_firewall(const Namespace& ns, ino_t identity, const FirewallPlan& plan);

// Takes every rule of the namespace away, in one transaction. A kernel without nftables has none.
[[nodiscard]] Status clear_firewall(const Namespace& ns, ino_t identity);

// What a user can do about a rule of ours, as `subject` describes it, that the kernel refuses.
[[nodiscard]] std::string firewall_hint(int code, const std::string& subject);

// What of the plan is not in force, for people: "my_input: ct state invalid drop". Rules that
// others have put behind ours do not matter; what stands before one of ours does.
[[nodiscard]] Result<std::vector<std::string>> missing_rules(const Namespace& ns,
                                                             const FirewallPlan& plan);

}  // namespace wgns
