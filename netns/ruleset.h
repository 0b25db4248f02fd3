// All that the kernel filters by in a namespace: our rules and the user's, as one whole.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/result.h"
#include "netns/firewall_rules.h"
#include "netns/namespace.h"
#include "netns/user_rules.h"

namespace wgns {

// Replaces every rule of the namespace in one transaction, whoever's they were: at no moment are
// there others than the old ones or the new ones, and an error leaves the old ones. Without a plan
// and without rules of the user's none are left. Errors as apply_firewall and apply_user_rules have
// them; `identity` is the namespace's, as the journal has it.
[[nodiscard]] Status apply_ruleset(const Namespace& ns, ino_t identity,
                                   const std::optional<FirewallPlan>& plan, const UserRules& rules);

}  // namespace wgns
