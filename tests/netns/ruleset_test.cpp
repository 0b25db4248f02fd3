#include "netns/ruleset.h"

#include <netinet/in.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "netns/firewall.h"
#include "tests/netns/nft_listing.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

using Lines = std::vector<std::string>;

const UserRules nothing{{}, "", ""};
// Makes our rules go by way of nft's language, and adds none.
const UserRules remark{{"# nothing"}, "", ""};

FirewallPlan plan_of(DnsGuard guard, const Lines& servers, std::vector<OpenPorts> ports = {}) {
    FirewallPlan plan{std::move(ports), guard, {}};
    for (const std::string& each : servers)
        plan.dns_servers.push_back(*IpAddress::parse(each));
    return plan;
}

Lines many_servers() {
    Lines servers;
    for (std::size_t i = 1; i <= dns_servers_max; ++i)
        servers.push_back((i % 2 == 0 ? "fd99::" : "10.99.0.") + std::to_string(i));
    return servers;
}

std::vector<OpenPorts> many_ports() {
    std::vector<OpenPorts> ports;
    for (std::uint16_t port = 1; port <= 2000; ++port)
        ports.push_back({IPPROTO_TCP, port, port});
    return ports;
}

struct Ruled {
    [[nodiscard]] Status apply(const std::optional<FirewallPlan>& plan,
                               const UserRules& rules) const {
        return apply_ruleset(ns, ns.identity(), plan, rules);
    }

    Namespace ns = *Namespace::create();
};

TEST(ruleset, ours_are_the_same_whichever_way_they_come) {
    WGNS_SKIP_UNLESS_ROOT();
    const FirewallPlan rows[] = {
        /* 0 */ {},
        /* 1 */ plan_of(DnsGuard::off, {}, {{IPPROTO_TCP, 80, 80}, {IPPROTO_UDP, 5000, 5010}}),
        /* 2 */ plan_of(DnsGuard::redirect, {}),
        /* 3 */ plan_of(DnsGuard::redirect, {"10.99.0.2"}),
        /* 4 */ plan_of(DnsGuard::redirect, {"fd99::2", "10.99.0.2"}),
        /* 5 */ plan_of(DnsGuard::strict, {"fd99::2"}, {{IPPROTO_UDP, 1, 65535}}),
        /* 6 */ plan_of(DnsGuard::strict, many_servers()),
        /* 7 */ plan_of(DnsGuard::off, {}, many_ports()),
    };
    for (const FirewallPlan& plan : rows) {
        SCOPED_TRACE(&plan - rows);
        const Ruled by_messages;
        const Ruled by_text;
        ASSERT_TRUE(by_messages.apply(plan, nothing));
        const Status applied = by_text.apply(plan, remark);
        ASSERT_TRUE(applied) << describe(applied.error());
        EXPECT_EQ(*missing_rules(by_text.ns, plan), Lines{});
        EXPECT_EQ(nft_listing(by_text.ns), nft_listing(by_messages.ns));
        EXPECT_TRUE(nft_has(by_text.ns, "my_input"));
    }
}

TEST(ruleset, a_second_one_replaces_the_first) {
    WGNS_SKIP_UNLESS_ROOT();
    const struct {
        std::optional<FirewallPlan> plan;
        UserRules rules;
        bool has_ours, has_first, has_second;
    } rows[] = {
        /* 0 */ {FirewallPlan{}, {{"add table inet second"}, "", ""}, true, false, true},
        /* 1 */ {std::nullopt, {{"add table inet second"}, "", ""}, false, false, true},
        /* 2 */ {FirewallPlan{}, nothing, true, false, false},
        /* 3 */ {std::nullopt, nothing, false, false, false},
        /* 4 */ {FirewallPlan{}, {{"add table inet first"}, "", ""}, true, true, false},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(&row - rows);
        const Ruled ruled;
        ASSERT_TRUE(ruled.apply(plan_of(DnsGuard::strict, {"fd99::2"}),
                                {{"table inet first {", "  chain c { counter; }", "}",
                                  "add rule inet my_table my_input tcp dport 22 accept"},
                                 "",
                                 ""}));
        EXPECT_TRUE(nft_has(ruled.ns, "chain c") && nft_has(ruled.ns, "dport 22"));
        const Status applied = ruled.apply(row.plan, row.rules);
        ASSERT_TRUE(applied) << describe(applied.error());
        EXPECT_EQ(nft_has(ruled.ns, "table inet my_table"), row.has_ours);
        EXPECT_EQ(nft_has(ruled.ns, "table inet first"), row.has_first);
        EXPECT_EQ(nft_has(ruled.ns, "table inet second"), row.has_second);
        for (const char* gone : {"chain c", "dport 22", "my_dns"})
            EXPECT_FALSE(nft_has(ruled.ns, gone)) << gone;
    }
}

TEST(ruleset, a_wrong_one_leaves_what_was_there) {
    WGNS_SKIP_UNLESS_ROOT();
    const Ruled ruled;
    ASSERT_TRUE(ruled.apply(plan_of(DnsGuard::strict, {"fd99::2"}),
                            {{"add rule inet my_table my_input tcp dport 22 accept",
                              "add table inet first", "add counter inet first seen"},
                             "",
                             ""}));
    const std::string before = nft_listing(ruled.ns);
    const Lines rows[] = {
        /* 0 */ {"add table inet second", "nonsense"},
        /* 1 */ {"add table inet second", "add rule inet my_table no_chain accept"},
        // What is replaced cannot be referred to.
        /* 2 */ {"", "add rule inet my_table my_dns accept"},
        /* 3 */ {"", "delete table inet first"},
        // What the kernel alone finds wrong.
        /* 4 */ {"add table inet second", "create table inet second"},
    };
    for (const Lines& lines : rows)
        for (const auto& plan : {std::optional(FirewallPlan{}), std::optional<FirewallPlan>()}) {
            SCOPED_TRACE(&lines - rows);
            const Status refused = ruled.apply(plan, {lines, "", ""});
            ASSERT_FALSE(refused);
            EXPECT_TRUE(refused.error().subject.starts_with("ExtraFirewallRules:2: "))
                << describe(refused.error());
            EXPECT_EQ(nft_listing(ruled.ns), before);
        }
}

// By a process of its own: libnftables keeps what it knows of interfaces for a whole process, and
// may be used by one thread at a time.
pid_t start_replacing(const Ruled& ruled, const UserRules& rules) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    for (int i = 0; i < 50; ++i)
        if (const Status applied = ruled.apply(FirewallPlan{}, rules); !applied) {
            std::fprintf(stderr, "%s\n", describe(applied.error()).c_str());
            ::_exit(1);
        }
    ::_exit(0);
}

TEST(ruleset, replaced_it_is_never_missing) {
    WGNS_SKIP_UNLESS_ROOT();
    const Ruled ruled;
    const UserRules own{{"add rule inet my_table my_input tcp dport 22 accept"}, "", ""};
    ASSERT_TRUE(ruled.apply(FirewallPlan{}, own));
    const pid_t replacing = start_replacing(ruled, own);
    ASSERT_GT(replacing, 0);
    int status = 0;
    int looks = 0;
    for (; ::waitpid(replacing, &status, WNOHANG) == 0; ++looks) {
        const std::string seen = nft_listing(ruled.ns);
        EXPECT_NE(seen.find("policy drop"), std::string::npos) << seen;
        EXPECT_NE(seen.find("dport 22"), std::string::npos) << seen;
    }
    EXPECT_EQ(status, 0);
    EXPECT_GT(looks, 0);
}

TEST(ruleset, nothing_is_touched_in_another_namespace) {
    WGNS_SKIP_UNLESS_ROOT();
    const Ruled ours;
    const Ruled theirs;
    ASSERT_TRUE(theirs.apply(FirewallPlan{}, nothing));
    for (const UserRules& rules : {nothing, remark})
        for (const auto& plan : {std::optional(FirewallPlan{}), std::optional<FirewallPlan>()}) {
            const Status refused = apply_ruleset(theirs.ns, ours.ns.identity(), plan, rules);
            ASSERT_FALSE(refused);
            EXPECT_EQ(refused.error().code, EXDEV);
            EXPECT_EQ(*missing_rules(theirs.ns, {}), Lines{});
        }
}

}  // namespace
}  // namespace wgns
