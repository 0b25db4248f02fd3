#include "netns/firewall_rules.h"

#include <netinet/in.h>
// Behind <netinet/in.h>, which the kernel's headers then leave alone.
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace wgns {

namespace {

using enum FirewallChain;
using enum RuleField;
using enum RuleTest;

constexpr std::uint32_t loopback_index = 1;  // in every namespace
constexpr std::int32_t priority_filter = 0;
constexpr std::int32_t priority_nat = -100;  // before filter, which so sees where a packet goes
constexpr std::uint32_t state_invalid = NF_CT_STATE_INVALID_BIT;
constexpr std::uint32_t state_known =
    NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);
constexpr std::uint16_t dns_port = 53;
// DNS over TLS and over QUIC, mDNS, LLMNR.
constexpr std::uint16_t other_name_ports[] = {853, 5353, 5355};
constexpr std::uint8_t transports[] = {IPPROTO_UDP, IPPROTO_TCP};
constexpr std::uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6};

constexpr ChainRow chain_rows[] = {
    {input, NF_INET_LOCAL_IN, "my_input", "filter", priority_filter, NF_DROP},
    {forward, NF_INET_FORWARD, "my_forward", "filter", priority_filter, NF_DROP},
    {output, NF_INET_LOCAL_OUT, "my_output", "filter", priority_filter, NF_ACCEPT},
    {dns, NF_INET_LOCAL_OUT, "my_dns", "nat", priority_nat, NF_ACCEPT},
};

// What comes in when nobody inside asked for it. Without ICMPv6 there is no path MTU discovery.
const std::vector<FirewallRule>& standard_rules() {
    using enum RuleAction;
    static const std::vector<FirewallRule> rows{
        {input, {{input_interface, equal, loopback_index}}, accept},
        {input, {{connection, any_of, state_invalid}}, drop},
        {input, {{connection, any_of, state_known}}, accept},
        {input, {{protocol, equal, IPPROTO_ICMP}}, accept},
        {input, {{protocol, equal, IPPROTO_ICMPV6}}, accept},
        {input, {{family, equal, NFPROTO_IPV4}, {ipv4_protocol, equal, IPPROTO_IGMP}}, accept},
    };
    return rows;
}

FirewallRule opening(const OpenPorts& ports) {
    FirewallRule rule{input, {{protocol, equal, ports.protocol}}, RuleAction::accept};
    if (ports.first == ports.last)
        rule.matches.push_back({destination_port, equal, ports.first});
    else
        rule.matches.insert(rule.matches.end(), {{destination_port, at_least, ports.first},
                                                 {destination_port, at_most, ports.last}});
    return rule;
}

std::vector<IpAddress> servers_of(const FirewallPlan& plan, std::uint8_t of_family) {
    std::vector<IpAddress> servers;
    std::copy_if(
        plan.dns_servers.begin(), plan.dns_servers.end(), std::back_inserter(servers),
        [&](const IpAddress& each) { return each.is_v4() == (of_family == NFPROTO_IPV4); });
    return servers;
}

void add_redirects(const FirewallPlan& plan, std::vector<FirewallRule>& rules) {
    for (const std::uint8_t of_family : families) {
        const auto servers = servers_of(plan, of_family);
        for (const std::uint8_t transport : transports) {
            FirewallRule rule{output,
                              {{family, equal, of_family},
                               {protocol, equal, transport},
                               {destination_port, equal, dns_port}},
                              RuleAction::reject};
            if (!servers.empty()) {
                rule.chain = dns;
                rule.action = RuleAction::redirect;
                rule.target = servers.front();
            }
            rules.push_back(std::move(rule));
        }
    }
}

void add_rejects(const FirewallPlan& plan, std::vector<FirewallRule>& rules) {
    for (const std::uint8_t of_family : families)
        for (const std::uint8_t transport : transports)
            for (const std::uint16_t port : other_name_ports) {
                FirewallRule rule{output, {{family, equal, of_family}}, RuleAction::reject};
                for (const IpAddress& server : servers_of(plan, of_family))
                    rule.matches.push_back({destination_address, not_equal, 0, server});
                rule.matches.push_back({protocol, equal, transport});
                rule.matches.push_back({destination_port, equal, port});
                rules.push_back(std::move(rule));
            }
}

std::string name_of_protocol(std::uint32_t number) {
    switch (number) {
        case IPPROTO_ICMP:
            return "icmp";
        case IPPROTO_IGMP:
            return "igmp";
        case IPPROTO_TCP:
            return "tcp";
        case IPPROTO_UDP:
            return "udp";
        case IPPROTO_ICMPV6:
            return "ipv6-icmp";
        default:
            return std::to_string(number);
    }
}

std::string field_text(const RuleMatch& match) {
    switch (match.field) {
        case input_interface:
            return "iif";
        case family:
            return "meta nfproto";
        case connection:
            return "ct state";
        case protocol:
            return "meta l4proto";
        case ipv4_protocol:
            return "ip protocol";
        case destination_port:
            return "th dport";
        case destination_address:
            return match.address.is_v4() ? "ip daddr" : "ip6 daddr";
    }
    return {};
}

std::string value_text(const RuleMatch& match) {
    switch (match.field) {
        case input_interface:
            return match.number == loopback_index ? "lo" : "unknown";
        case family:
            return match.number == NFPROTO_IPV4 ? "ipv4" : "ipv6";
        case connection:
            return match.number == state_invalid ? "invalid" : "established,related";
        case protocol:
        case ipv4_protocol:
            return name_of_protocol(match.number);
        case destination_port:
            return std::to_string(match.number);
        case destination_address:
            return match.address.to_string();
    }
    return {};
}

const char* test_text(RuleTest test) {
    switch (test) {
        case equal:
        case any_of:
            return " ";
        case not_equal:
            return " != ";
        case at_least:
            return " >= ";
        case at_most:
            return " <= ";
    }
    return "";
}

std::string action_text(const FirewallRule& rule) {
    switch (rule.action) {
        case RuleAction::accept:
            return "accept";
        case RuleAction::drop:
            return "drop";
        case RuleAction::reject:
            return "reject with icmpx port-unreachable";
        case RuleAction::count:
            return "counter";
        case RuleAction::redirect:
            return (rule.target.is_v4() ? "dnat ip to " : "dnat ip6 to ") + rule.target.to_string();
    }
    return {};
}

const char* hook_text(std::uint32_t hook) {
    switch (hook) {
        case NF_INET_LOCAL_IN:
            return "input";
        case NF_INET_FORWARD:
            return "forward";
        default:
            WG_ASSERT(hook == NF_INET_LOCAL_OUT);
            return "output";
    }
}

std::string description_of(const ChainRow& row) {
    const char* const policy = row.policy == NF_DROP ? "drop" : "accept";
    return std::string(row.name) + " { type " + row.type + " hook " + hook_text(row.hook) +
           " priority " + std::to_string(row.priority) + "; policy " + policy + "; }";
}

}  // namespace

const ChainRow& chain_row(FirewallChain chain) noexcept {
    const ChainRow& row = chain_rows[static_cast<std::size_t>(chain)];
    WG_ASSERT(row.chain == chain);
    return row;
}

std::string describe(const FirewallRule& rule) {
    std::string text;
    for (const RuleMatch& match : rule.matches)
        text += field_text(match) + test_text(match.test) + value_text(match) + " ";
    return text + action_text(rule);
}

std::vector<std::string> commands_for(const Ruleset& set) {
    const std::string table = std::string("inet ") + firewall_table;
    std::vector<std::string> commands{"add table " + table};
    for (const FirewallChain chain : set.chains)
        commands.push_back("add chain " + table + " " + description_of(chain_row(chain)));
    for (const FirewallRule& rule : set.rules)
        commands.push_back("add rule " + table + " " + chain_row(rule.chain).name + " " +
                           describe(rule));
    return commands;
}

Ruleset ruleset_of(const FirewallPlan& plan) {
    WG_ASSERT(plan.dns_servers.size() <= dns_servers_max);
    Ruleset set{{input, forward, output}, standard_rules()};
    for (const OpenPorts& ports : plan.open_ports)
        set.rules.push_back(opening(ports));
    set.rules.push_back({input, {}, RuleAction::count});
    if (plan.dns_guard == DnsGuard::off) return set;
    set.chains.push_back(dns);
    add_redirects(plan, set.rules);
    if (plan.dns_guard == DnsGuard::strict) add_rejects(plan, set.rules);
    return set;
}

}  // namespace wgns
