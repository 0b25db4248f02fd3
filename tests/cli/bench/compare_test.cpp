#include "cli/bench/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/bench/fixed_result.h"

namespace wgns::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

// Changes of one figure between two runs of ours.
std::vector<Change> changes_of(const std::string& id, std::vector<double> before,
                               std::vector<double> now) {
    BenchResult old = fixed_result();
    BenchResult fresh = fixed_result();
    old.contestants[0].samples = {{id, std::move(before)}};
    fresh.contestants[0].samples = {{id, std::move(now)}};
    return changes(old, fresh);
}

TEST(BenchCompare, OnlyWhatIsBeyondNoiseHasMoved) {
    const struct {
        std::vector<double> before;
        std::vector<double> now;
        bool has_moved;
    } rows[] = {
        /* 0 */ {{1.0, 1.0, 1.0}, {1.0, 1.0, 1.0}, false},
        /* 1 */ {{1.0, 1.0, 1.0}, {1.09, 1.09, 1.09}, false},  // apart, but by less than a tenth
        /* 2 */ {{1.0, 1.0, 1.0}, {1.2, 1.2, 1.2}, true},
        /* 3 */ {{1.0, 1.0, 1.25}, {1.2, 1.3, 1.4}, false},  // one round within the other's range
        /* 4 */ {{1.0, 1.0, 1.1}, {0.8, 0.7, 0.9}, true},
        /* 5 */ {{2.0}, {1.0}, true},
        /* 6 */ {{}, {1.0}, false},
    };
    for (std::size_t i = 0; i < std::size(rows); ++i)
        EXPECT_EQ(changes_of("tcp1.gbit", rows[i].before, rows[i].now).size(),
                  rows[i].has_moved ? 1U : 0U)
            << i;
}

TEST(BenchCompare, MoreIsBetterOrWorse) {
    EXPECT_TRUE(changes_of("tcp1.gbit", {1}, {2}).front().is_better);
    EXPECT_FALSE(changes_of("tcp1.gbit", {2}, {1}).front().is_better);
    EXPECT_TRUE(changes_of("tcp1.cpu", {2}, {1}).front().is_better);
    EXPECT_FALSE(changes_of("idle-p50.ms", {1}, {2}).front().is_better);
    EXPECT_TRUE(changes_of("unknown.figure", {1}, {2}).empty());
}

TEST(BenchCompare, TheRuleIsSaid) {
    const std::string text = print_comparison(fixed_result(), fixed_result());
    EXPECT_THAT(text, HasSubstr("Compared with the run of 2026-11-25T20:00:00Z:\n"
                                "  nothing moved beyond noise\n"));
    EXPECT_THAT(text, HasSubstr("by more than 10 %, and no round within the other run's range"));
    EXPECT_THAT(text, Not(HasSubstr("one round")));
}

TEST(BenchCompare, WhatElseDiffersIsSaid) {
    BenchResult old = fixed_result(10);
    old.machine.kernel = "6.1.0 x86_64";
    old.extent.rounds = 1;
    old.path = "home to 10.0.0.1:51830";
    old.contestants[0].version = "0.0.9";
    const std::string text = print_comparison(old, fixed_pair());
    EXPECT_THAT(text, HasSubstr("  kernel was 6.1.0 x86_64, is 6.18.0 x86_64\n"));
    EXPECT_THAT(text,
                HasSubstr("  traffic was through home to 10.0.0.1:51830, is between two hos"));
    EXPECT_THAT(text, HasSubstr("  extent was one round of 0.5 s a measure, is medians"));
    EXPECT_THAT(text, HasSubstr("  wgns-user was 0.0.9, is 0.1.0\n"));
    EXPECT_THAT(text, HasSubstr("  other did not take part\n"));
    EXPECT_THAT(text, HasSubstr("20.0 -> 2.00      Gbit/s         -90 %\n"));
    EXPECT_THAT(text, HasSubstr("With one round"));
}

}  // namespace
}  // namespace wgns::bench
