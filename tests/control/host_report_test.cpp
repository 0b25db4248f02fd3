#include "control/host_report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace wgns {
namespace {

TEST(HostReport, KernelsAreOkFromWhatTheDataPlaneLikes) {
    const struct {
        const char* release;
        Judgement judgement;
    } rows[] = {
        /* 1 */ {"6.7.0", Judgement::ok},
        /* 2 */ {"6.12.57+deb13-amd64", Judgement::ok},
        /* 3 */ {"7.0-rc1", Judgement::ok},
        /* 4 */ {"6.1.0-13-amd64", Judgement::limited},
        /* 5 */ {"6.6.87.2-microsoft-standard-WSL2", Judgement::limited},
        /* 6 */ {"4.4.302", Judgement::limited},
        /* 7 */ {"", Judgement::limited},
    };
    for (const auto& row : rows)
        EXPECT_EQ(judge_kernel(row.release).judgement, row.judgement) << row.release;
}

TEST(HostReport, WhatIsNotThereHasAConsequenceAndACure) {
    const Error error{ENOENT, "open", "/dev/net/tun", ""};
    const std::vector<Finding> bad{judge_kernel("5.10.0"),
                                   judge_tun(error),
                                   judge_offloads({}),
                                   judge_offloads({true, false}),
                                   judge_io_uring(error),
                                   judge_trains(1),
                                   judge_firewall(error, error).front(),
                                   judge_names("", true),
                                   judge_user_namespaces({0, true, 0, {}, {}}),
                                   judge_user_namespaces({EPERM, false, 10, {}, 1})};
    for (const Finding& each : bad) {
        EXPECT_NE(each.judgement, Judgement::ok) << each.name;
        EXPECT_NE(each.found, "") << each.name;
        EXPECT_NE(each.consequence, "") << each.name;
        EXPECT_NE(each.cure, "") << each.name;
    }
    EXPECT_TRUE(lacks_needed({judge_tun(error)}));
}

TEST(HostReport, WhatIsThereNeedsNoCure) {
    const std::vector<Finding> good{
        judge_tun(Done{}),      judge_offloads({true, true}),
        judge_io_uring(Done{}), judge_trains(64),
        judge_names("", false), judge_user_namespaces({0, false, 10, 1, 0})};
    for (const Finding& each : good) {
        EXPECT_EQ(each.judgement, Judgement::ok) << each.name;
        EXPECT_EQ(each.cure, "") << each.name;
    }
}

TEST(HostReport, FirewallTellsItsPartsApart) {
    const Error conntrack{EOPNOTSUPP, "nftables", "my_input: ct state invalid drop", ""};
    const Error nat{EOPNOTSUPP, "nftables", "my_dns: dnat ip to 192.0.2.53", ""};
    const auto without_conntrack = judge_firewall(conntrack, conntrack);
    ASSERT_EQ(without_conntrack.size(), 2U);
    EXPECT_EQ(without_conntrack[0].judgement, Judgement::ok);
    EXPECT_EQ(without_conntrack[1].judgement, Judgement::missing);
    EXPECT_TRUE(lacks_needed(without_conntrack));
    const auto without_nat = judge_firewall(Done{}, nat);
    ASSERT_EQ(without_nat.size(), 3U);
    EXPECT_EQ(without_nat[2].judgement, Judgement::limited);
    EXPECT_FALSE(lacks_needed(without_nat));
    EXPECT_TRUE(all_hold(judge_firewall(Done{}, Done{})));
}

TEST(HostReport, NamesAreReadFromTheMounts) {
    const std::string other = "28 1 0:25 / /run rw,nosuid shared:5 - tmpfs tmpfs rw\n";
    const std::string private_one = "99 28 0:25 /netns /run/netns rw - tmpfs tmpfs rw\n";
    const std::string shared = "99 28 0:25 /netns /run/netns rw shared:5 - tmpfs tmpfs rw\n";
    EXPECT_NE(judge_names(other, false).found.find("not there"), std::string::npos);
    EXPECT_NE(judge_names(other + private_one, false).found.find("not shared"), std::string::npos);
    EXPECT_EQ(judge_names(other + shared, false).found, "a shared mount");
    EXPECT_EQ(judge_names(other + shared, true).judgement, Judgement::limited);
}

TEST(HostReport, OfThisHostHasEverythingOnce) {
    const auto all = examine_host();
    for (const char* name :
         {"kernel", "root", "namespaces", "/run/netns", "/dev/net/tun", "nftables", "conntrack",
          "io_uring", "UDP_SEGMENT", "UDP_GRO", "IPv6", "CPU, AEAD", "user namespaces"})
        EXPECT_EQ(std::count_if(all.begin(), all.end(),
                                [&](const Finding& each) { return each.name == name; }),
                  1)
            << name;
    EXPECT_TRUE(::geteuid() == 0 || !all_hold(all)) << "it says what it could not find out";
}

}  // namespace
}  // namespace wgns
