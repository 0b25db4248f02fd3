#include "cli/bench/statistics.h"

#include <gtest/gtest.h>

#include <numeric>

namespace wgns::bench {
namespace {

TEST(BenchStatistics, MedianIsTheMiddleOrTheMeanOfTheTwo) {
    EXPECT_EQ(median({7}), 7);
    EXPECT_EQ(median({9, 1, 5}), 5);
    EXPECT_EQ(median({4, 1, 2, 100}), 3);
}

TEST(BenchStatistics, PercentileIsOneOfTheSamples) {
    std::vector<double> samples(1000);
    std::iota(samples.begin(), samples.end(), 1);
    const struct {
        double share;
        double value;
    } rows[] = {
        /* 1 */ {0, 1},       /* 2 */ {0.5, 500},     /* 3 */ {0.99, 990},
        /* 4 */ {0.999, 999}, /* 5 */ {0.9991, 1000}, /* 6 */ {1, 1000},
    };
    for (const auto& row : rows)
        EXPECT_EQ(percentile(samples, row.share), row.value) << row.share;
    const std::vector<double> one{3};
    EXPECT_EQ(percentile(one, 0), 3);
    EXPECT_EQ(percentile(one, 0.999), 3);
}

TEST(BenchStatistics, SummaryHasTheRange) {
    const Summary summary = summarize({5, -1, 3});
    EXPECT_EQ(summary.median, 3);
    EXPECT_EQ(summary.low, -1);
    EXPECT_EQ(summary.high, 5);
}

TEST(BenchStatistics, RatiosAreTakenWithinRounds) {
    // A machine that was ten times slower in the second round slowed both.
    EXPECT_EQ(ratio(std::vector<double>{20, 2, 20}, std::vector<double>{10, 1, 10}), 2);
    EXPECT_EQ(ratio(std::vector<double>{1, 8}, std::vector<double>{0, 2}), 4);
    EXPECT_EQ(ratio(std::vector<double>{3}, std::vector<double>{}), 0);
}

}  // namespace
}  // namespace wgns::bench
