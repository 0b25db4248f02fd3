#include "cli/bench/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace wgns::bench {
namespace {

const Figure* find(const std::string& id) {
    for (const Figure& each : figures())
        if (each.id == id) return &each;
    return nullptr;
}

TEST(BenchPlan, EveryFigureHasAnIdOfItsOwn) {
    std::set<std::string> ids;
    for (const Figure& each : figures())
        EXPECT_TRUE(ids.insert(each.id).second) << each.id;
    // 4 of TCP, 8 of UDP twice, 12 of CPU, 6 of latency, 2 of handshakes, memory and start.
    EXPECT_EQ(ids.size(), 42U);
}

TEST(BenchPlan, FiguresOfOneSectionStandTogether) {
    std::set<const Section*> seen;
    const Section* last = nullptr;
    for (const Figure& each : figures()) {
        const bool is_next = each.section != last;
        EXPECT_TRUE(!is_next || seen.insert(each.section).second) << each.id;
        last = each.section;
    }
    EXPECT_EQ(seen.size(), sections().size());
}

TEST(BenchPlan, WhatOneMeasureGives) {
    const struct {
        const char* id;
        const char* label;
        const char* unit;
        bool is_higher_better;
    } rows[] = {
        /* 1 */ {"tcp1.gbit", "1 stream", "Gbit/s", true},
        /* 2 */ {"tcp4-reverse.cpu", "4 streams, reverse", "s/GB", false},
        /* 3 */ {"udp64-gso.kpps", "64 B, GSO", "1000 packets/s", true},
        /* 4 */ {"udp1368.udp-gbit", "1368 B", "Gbit/s", true},
        /* 5 */ {"loaded-p999.ms", "under TCP, p99.9", "ms", false},
        /* 8 */ {"daemon.per-second", "answered", "1/s", true},
        /* 6 */ {"daemon.mib", "the larger daemon", "MiB", false},
        /* 7 */ {"daemon.start", "to the first answer", "ms", false},
    };
    for (const auto& row : rows) {
        const Figure* const figure = find(row.id);
        ASSERT_NE(figure, nullptr) << row.id;
        EXPECT_EQ(figure->label, row.label);
        EXPECT_STREQ(figure->section->unit, row.unit);
        EXPECT_EQ(figure->section->is_higher_better, row.is_higher_better) << row.id;
    }
    EXPECT_EQ(find("idle.gbit"), nullptr);
}

TEST(BenchPlan, EverySizeIsSentInBothWays) {
    for (const std::uint32_t size : {64U, 200U, 512U, 1368U})
        for (const bool has_trains : {false, true})
            EXPECT_EQ(std::count_if(measures().begin(), measures().end(),
                                    [&](const Measure& each) {
                                        return each.traffic == Traffic::udp &&
                                               each.datagram_size == size &&
                                               each.has_trains == has_trains;
                                    }),
                      1)
                << size;
}

// The contract: a full run takes less than three minutes, a quick one less than 15 s.
TEST(BenchPlan, ARunIsShortEnough) {
    constexpr double overhead = 0.25;  // of starting and ending, seen with three busy neighbours
    const auto seconds = [](const Extent& extent) {
        const double one = extent.seconds + extent.warm_up_seconds() + overhead;
        return extent.rounds * (static_cast<double>(measures().size()) + 1) * one;
    };
    EXPECT_LT(seconds({}), 170);
    EXPECT_LT(seconds(quick_extent), 14);
    EXPECT_EQ((Extent{1, 0.1}).warm_up_seconds(), 0.05);
    EXPECT_EQ((Extent{1, 60}).warm_up_seconds(), 0.3);
}

}  // namespace
}  // namespace wgns::bench
