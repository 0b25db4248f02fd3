#include "netns/ruleset.h"

#include "netns/firewall.h"

namespace wgns {

Status apply_ruleset(const Namespace& ns, ino_t identity, const std::optional<FirewallPlan>& plan,
                     const UserRules& rules) {
    if (!rules.empty()) return apply_user_rules(ns, identity, plan, rules);
    return plan ? apply_firewall(ns, identity, *plan) : clear_firewall(ns, identity);
}

}  // namespace wgns
