#include "control/finding.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

const std::vector<Finding> some_findings{
    {"io_uring", Judgement::ok, "there"},
    {"offloads", Judgement::limited, "tcp\x1b[31m", "slower", "Linux 6.2"},
    {"TUN", Judgement::missing, "no", "", "modprobe tun", true},
    {"routes", Judgement::failed, "eth0", "a leak"},
};

TEST(Finding, IsALineOrTwo) {
    EXPECT_EQ(print(some_findings),
              "ok       io_uring          there\n"
              "limited  offloads          tcp?[31m\n"
              "                           -> slower; Linux 6.2\n"
              "missing  TUN               no\n"
              "                           -> modprobe tun\n"
              "failed   routes            eth0\n"
              "                           -> a leak\n");
    EXPECT_EQ(print(std::vector<Finding>{}), "");
}

TEST(Finding, IsJson) {
    const auto told = json_of(some_findings);
    ASSERT_EQ(told.size(), 4U);
    EXPECT_EQ(told[1].at("verdict"), "limited");
    EXPECT_EQ(told[1].at("cure"), "Linux 6.2");
    EXPECT_EQ(told[2].at("needed"), true);
    EXPECT_EQ(told[0].size(), 6U);
    EXPECT_TRUE(json_of({}).is_array());
}

TEST(Finding, OfOneKindDecideAboutAll) {
    const Finding good{"a", Judgement::ok};
    const Finding limited{"b", Judgement::limited};
    const Finding unknown{"c", Judgement::unknown, "", "", "", true};
    EXPECT_TRUE(all_hold({}));
    EXPECT_TRUE(all_hold({good, good}));
    EXPECT_FALSE(all_hold({good, limited}));
    EXPECT_FALSE(all_hold({unknown})) << "what is not known does not hold";
    EXPECT_FALSE(lacks_needed({good, limited, unknown}));
    EXPECT_FALSE(lacks_needed({{"d", Judgement::missing}}));
    EXPECT_TRUE(lacks_needed(some_findings));
}

}  // namespace
}  // namespace wgns
