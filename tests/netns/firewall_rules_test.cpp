#include "netns/firewall_rules.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

namespace wgns {
namespace {

using Lines = std::vector<std::string>;

const std::string rejected = "reject with icmpx port-unreachable";

IpAddress address(const char* text) {
    return IpAddress::parse(text).value();
}

// "CHAIN: RULE" for each.
Lines lines_of(const FirewallPlan& plan) {
    Lines lines;
    for (const FirewallRule& rule : ruleset_of(plan).rules)
        lines.push_back(chain_row(rule.chain).name + (": " + describe(rule)));
    return lines;
}

Lines lines_of_chain(const FirewallPlan& plan, FirewallChain chain) {
    Lines lines;
    for (const FirewallRule& rule : ruleset_of(plan).rules)
        if (rule.chain == chain) lines.push_back(describe(rule));
    return lines;
}

TEST(firewall_rules, the_default_is_what_the_contract_says) {
    EXPECT_EQ(lines_of({}), (Lines{
                                "my_input: iif lo accept",
                                "my_input: ct state invalid drop",
                                "my_input: ct state established,related accept",
                                "my_input: meta l4proto icmp accept",
                                "my_input: meta l4proto ipv6-icmp accept",
                                "my_input: meta nfproto ipv4 ip protocol igmp accept",
                                "my_input: counter",
                            }));
    EXPECT_EQ(ruleset_of({}).chains,
              (std::vector{FirewallChain::input, FirewallChain::forward, FirewallChain::output}));
}

TEST(firewall_rules, open_ports_come_before_the_counter) {
    FirewallPlan plan;
    plan.open_ports = {{IPPROTO_TCP, 8080, 8080}, {IPPROTO_UDP, 5000, 5010}};
    const Lines lines = lines_of(plan);
    ASSERT_EQ(lines.size(), 9U);
    EXPECT_EQ(lines[6], "my_input: meta l4proto tcp th dport 8080 accept");
    EXPECT_EQ(lines[7], "my_input: meta l4proto udp th dport >= 5000 th dport <= 5010 accept");
    EXPECT_EQ(lines[8], "my_input: counter");
}

TEST(firewall_rules, a_redirect_goes_to_the_first_server_of_its_family) {
    FirewallPlan plan;
    plan.dns_guard = DnsGuard::redirect;
    plan.dns_servers = {address("fd99::2"), address("10.99.0.2"), address("10.99.0.3")};
    EXPECT_EQ(lines_of_chain(plan, FirewallChain::dns),
              (Lines{
                  "meta nfproto ipv4 meta l4proto udp th dport 53 dnat ip to 10.99.0.2",
                  "meta nfproto ipv4 meta l4proto tcp th dport 53 dnat ip to 10.99.0.2",
                  "meta nfproto ipv6 meta l4proto udp th dport 53 dnat ip6 to fd99::2",
                  "meta nfproto ipv6 meta l4proto tcp th dport 53 dnat ip6 to fd99::2",
              }));
    EXPECT_EQ(lines_of_chain(plan, FirewallChain::output), Lines{});
    EXPECT_EQ(ruleset_of(plan).chains.back(), FirewallChain::dns);
}

TEST(firewall_rules, a_family_without_a_server_asks_nobody) {
    FirewallPlan plan;
    plan.dns_guard = DnsGuard::redirect;
    plan.dns_servers = {address("10.99.0.2")};
    EXPECT_EQ(lines_of_chain(plan, FirewallChain::dns).size(), 2U);
    EXPECT_EQ(lines_of_chain(plan, FirewallChain::output),
              (Lines{
                  "meta nfproto ipv6 meta l4proto udp th dport 53 " + rejected,
                  "meta nfproto ipv6 meta l4proto tcp th dport 53 " + rejected,
              }));
}

TEST(firewall_rules, strict_leaves_other_name_ports_to_the_servers) {
    FirewallPlan plan;
    plan.dns_guard = DnsGuard::strict;
    plan.dns_servers = {address("10.99.0.2"), address("10.99.0.3")};
    const Lines lines = lines_of_chain(plan, FirewallChain::output);
    ASSERT_EQ(lines.size(), 2U + 12U);
    EXPECT_EQ(lines[2],
              "meta nfproto ipv4 ip daddr != 10.99.0.2 ip daddr != 10.99.0.3 meta l4proto udp "
              "th dport 853 " +
                  rejected);
    EXPECT_EQ(lines[13], "meta nfproto ipv6 meta l4proto tcp th dport 5355 " + rejected);
}

TEST(firewall_rules, commands_make_table_chains_and_rules) {
    FirewallPlan plan;
    plan.dns_guard = DnsGuard::redirect;
    plan.dns_servers = {address("10.99.0.2"), address("fd99::2")};
    const Lines lines = commands_for(ruleset_of(plan));
    ASSERT_EQ(lines.size(), 1U + 4U + 7U + 4U);
    const Lines first(lines.begin(), lines.begin() + 6);
    EXPECT_EQ(
        first,
        (Lines{
            "add table inet my_table",
            "add chain inet my_table my_input { type filter hook input priority 0; policy drop; }",
            "add chain inet my_table my_forward { type filter hook forward priority 0; policy "
            "drop; }",
            "add chain inet my_table my_output { type filter hook output priority 0; policy "
            "accept; }",
            "add chain inet my_table my_dns { type nat hook output priority -100; policy accept; }",
            "add rule inet my_table my_input iif lo accept",
        }));
    EXPECT_EQ(lines.back(),
              "add rule inet my_table my_dns meta nfproto ipv6 meta l4proto tcp th dport 53 dnat "
              "ip6 to fd99::2");
}

}  // namespace
}  // namespace wgns
