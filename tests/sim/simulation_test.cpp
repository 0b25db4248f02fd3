// Many seeds for one virtual hour each. WGNS_SIM_SEEDS says how many: where sanitizers make
// everything slower, fewer will do.
#include "simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace wgns::sim {
namespace {

constexpr std::uint64_t parts = 4;

std::uint64_t seeds_in_all() {
    const char* const told = std::getenv("WGNS_SIM_SEEDS");
    return told ? std::strtoull(told, nullptr, 10) : WGNS_SIM_SEEDS;
}

class Seeds : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Seeds, HoldForAnHour) {
    std::uint64_t arrived = 0;
    for (std::uint64_t seed = GetParam(); seed < seeds_in_all(); seed += parts) {
        Simulation simulation(seed);
        const auto failure = simulation.run(std::chrono::hours(1));
        EXPECT_FALSE(failure.has_value()) << (failure ? describe(seed, *failure) : "");
        arrived += simulation.tally().arrived;
    }
    // Or nothing was tested.
    EXPECT_GT(arrived, 0u);
}

INSTANTIATE_TEST_SUITE_P(Simulation, Seeds, ::testing::Range<std::uint64_t>(0, parts));

TEST(Simulation, RepeatsItselfForASeed) {
    Simulation once(5), again(5);
    EXPECT_FALSE(once.run(std::chrono::minutes(20)).has_value());
    EXPECT_FALSE(again.run(std::chrono::minutes(20)).has_value());
    EXPECT_EQ(once.tally().turns, again.tally().turns);
    EXPECT_EQ(once.tally().datagrams, again.tally().datagrams);
    EXPECT_EQ(once.tally().arrived, again.tally().arrived);
}

}  // namespace
}  // namespace wgns::sim
