#include "netns/firewall.h"

#include <netinet/in.h>

#include <cerrno>

#include "netns/netlink.h"
#include "netns/nft_message.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

using Lines = std::vector<std::string>;

FirewallPlan full_plan() {
    FirewallPlan plan;
    plan.open_ports = {{IPPROTO_TCP, 8080, 8080}, {IPPROTO_UDP, 5000, 5010}};
    plan.dns_guard = DnsGuard::strict;
    plan.dns_servers = {*IpAddress::parse("10.99.0.2"), *IpAddress::parse("fd99::2")};
    return plan;
}

Lines missing(const Namespace& ns, const FirewallPlan& plan) {
    auto lines = missing_rules(ns, plan);
    EXPECT_TRUE(lines) << describe(lines.error());
    return lines ? *lines : Lines{"unknown"};
}

// A change that somebody else makes.
Status change(const Namespace& ns, const FirewallRule& rule) {
    NftBatch batch;
    batch.add(rule);
    const auto& messages = batch.finish();
    return ns.run([&] {
        auto netlink = Netlink::open(NETLINK_NETFILTER);
        return netlink->transact(messages, "add", [](unsigned) { return std::string(); });
    });
}

TEST(firewall, what_is_applied_is_read_back) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    for (const FirewallPlan& plan : {FirewallPlan{}, full_plan(), FirewallPlan{}}) {
        const Status applied = apply_firewall(*ns, ns->identity(), plan);
        ASSERT_TRUE(applied) << describe(applied.error());
        EXPECT_EQ(missing(*ns, plan), Lines{});
    }
}

TEST(firewall, an_empty_namespace_misses_all_of_it) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    const Lines lines = missing(*ns, {});
    ASSERT_EQ(lines.size(), 10U);
    EXPECT_EQ(lines.front(), "chain my_input");
    EXPECT_EQ(lines.back(), "my_input: counter");
}

TEST(firewall, a_plan_replaces_the_one_before) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    ASSERT_TRUE(apply_firewall(*ns, ns->identity(), {}));
    const Lines lines = missing(*ns, full_plan());
    // What stood at the counter's place, and the counter behind it.
    EXPECT_EQ(lines.front(), "chain my_dns");
    EXPECT_EQ(lines[1], "my_input: meta l4proto tcp th dport 8080 accept");
}

TEST(firewall, rules_of_others_matter_only_before_ours) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    ASSERT_TRUE(apply_firewall(*ns, ns->identity(), {}));
    const Status added = change(*ns, {FirewallChain::input, {}, RuleAction::accept});
    ASSERT_TRUE(added) << describe(added.error());
    EXPECT_EQ(missing(*ns, {}), Lines{});
    // The chain, what is at the counter's place and behind it, redirects, and what strict rejects.
    EXPECT_EQ(missing(*ns, full_plan()).size(), 1U + 3U + 4U + 12U);
}

TEST(firewall, nothing_is_touched_in_another_namespace) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ours = Namespace::create();
    const auto theirs = Namespace::create();
    ASSERT_TRUE(ours && theirs);
    ASSERT_TRUE(apply_firewall(*theirs, theirs->identity(), full_plan()));
    const Status refused = apply_firewall(*theirs, ours->identity(), {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EXDEV);
    EXPECT_EQ(missing(*theirs, full_plan()), Lines{});
}

TEST(firewall, a_refused_rule_undoes_all_and_is_named) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    ASSERT_TRUE(apply_firewall(*ns, ns->identity(), {}));
    NftBatch batch;
    batch.flush_ruleset();
    batch.add_table();
    batch.add(chain_row(FirewallChain::input));
    // A redirect is for chains of type nat alone, and this one has no chain at all.
    batch.add({FirewallChain::dns, {}, RuleAction::redirect, *IpAddress::parse("10.99.0.2")});
    const auto& messages = batch.finish();
    const Status refused = ns->run([&] {
        auto netlink = Netlink::open(NETLINK_NETFILTER);
        return netlink->transact(messages, "nftables",
                                 [&](unsigned at) { return batch.subject_of(at); });
    });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENOENT);
    EXPECT_EQ(refused.error().subject, "my_dns: dnat ip to 10.99.0.2");
    EXPECT_EQ(missing(*ns, {}), Lines{});
}

TEST(firewall, cleared_it_is_empty) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    const auto other = Namespace::create();
    ASSERT_TRUE(ns && other);
    ASSERT_TRUE(apply_firewall(*ns, ns->identity(), full_plan()));
    const Status refused = clear_firewall(*ns, other->identity());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EXDEV);
    EXPECT_EQ(missing(*ns, full_plan()), Lines{});
    for (int i = 0; i < 2; ++i) {
        const Status cleared = clear_firewall(*ns, ns->identity());
        EXPECT_TRUE(cleared) << describe(cleared.error());
        EXPECT_EQ(missing(*ns, {}).size(), 10U);
    }
}

TEST(firewall, hints_name_what_to_load) {
    const struct {
        int code;
        const char* subject;
        const char* hint;
    } rows[] = {
        /* 0 */ {ENOENT, "my_input: ct state invalid drop", "load nf_conntrack"},
        /* 1 */ {ENOENT, "my_dns: dnat ip to 10.0.0.1", "load nft_nat"},
        /* 2 */ {EOPNOTSUPP, "table my_table", "load nf_tables"},
        /* 3 */ {EPERM, "table my_table", "CAP_NET_ADMIN"},
    };
    for (const auto& row : rows)
        EXPECT_NE(firewall_hint(row.code, row.subject).find(row.hint), std::string::npos);
    EXPECT_EQ(firewall_hint(ENOMEM, "table my_table"), "");
}

TEST(firewall, many_open_ports) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    FirewallPlan plan;
    for (std::uint16_t port = 1; port <= 2000; ++port)
        plan.open_ports.push_back({IPPROTO_TCP, port, port});
    const Status applied = apply_firewall(*ns, ns->identity(), plan);
    ASSERT_TRUE(applied) << describe(applied.error());
    EXPECT_EQ(missing(*ns, plan), Lines{});
}

TEST(firewall, as_many_servers_as_there_may_be) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    FirewallPlan plan;
    plan.dns_guard = DnsGuard::strict;
    for (std::size_t i = 1; i <= dns_servers_max; ++i)
        plan.dns_servers.push_back(*IpAddress::parse("fd99::" + std::to_string(i)));
    const Status applied = apply_firewall(*ns, ns->identity(), plan);
    ASSERT_TRUE(applied) << describe(applied.error());
    EXPECT_EQ(missing(*ns, plan), Lines{});
}

}  // namespace
}  // namespace wgns
