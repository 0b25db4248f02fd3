#include "cli/bench/process_usage.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>

namespace wgns::bench {
namespace {

TEST(BenchProcessUsage, OfAProcessThatWorks) {
    const ProcessUsage before = usage_of(::getpid());
    EXPECT_GT(before.peak_resident_mib, 0.5);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
    while (std::chrono::steady_clock::now() < end)
        continue;
    const double used = usage_of(::getpid()).cpu_seconds - before.cpu_seconds;
    EXPECT_GT(used, 0.0001) << "less than a tick counts";
    EXPECT_LT(used, 10);
}

TEST(BenchProcessUsage, OfNobody) {  // PID_MAX_LIMIT is below
    const ProcessUsage usage = usage_of(5'000'000);
    EXPECT_EQ(usage.cpu_seconds, 0);
    EXPECT_EQ(usage.peak_resident_mib, 0);
}

TEST(BenchProcessUsage, OfOthersIsWithoutOneself) {
    const ProcessUsage others = usage_of_others();
    EXPECT_GE(others.peak_resident_mib, 0);
}

}  // namespace
}  // namespace wgns::bench
