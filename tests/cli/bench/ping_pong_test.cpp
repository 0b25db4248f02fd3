#include "cli/bench/ping_pong.h"

#include "tests/cli/bench/traffic_pair.h"

namespace wgns::bench {
namespace {

using nlohmann::json;

TEST(BenchPingPong, AsksInTimeAndCountsTheAnswers) {
    json asked;
    run_pair([](Channel& channel) { return echo(channel, loopback); },
             [&](const Endpoint& to) { asked = *ask_in_time(to, short_phases); });
    // Once a millisecond; a busy machine may ask late, but not less.
    EXPECT_GE(asked.at("asked"), 50);
    EXPECT_LE(asked.at("asked"), 101);
    EXPECT_EQ(asked.at("answered"), asked.at("asked"));
    EXPECT_GT(asked.at("-p50"), 0);
    EXPECT_LE(asked.at("-p50"), asked.at("-p99"));
    EXPECT_LE(asked.at("-p99"), asked.at("-p999"));
}

TEST(BenchPingPong, TheFirstAnswerHasItsTime) {
    const std::chrono::duration<double> before =
        std::chrono::steady_clock::now().time_since_epoch();
    json told;
    run_pair([](Channel& channel) { return echo(channel, loopback); },
             [&](const Endpoint& to) { told = *ask_until_answered(to); });
    EXPECT_GT(told.at("answered_at"), before.count());
}

TEST(BenchPingPong, WithoutAnswersThereAreNoPercentiles) {
    const auto told = ask_in_time(*Endpoint::parse("127.0.0.1:1"), short_phases);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->at("answered"), 0);
    EXPECT_FALSE(told->contains("-p50"));
}

}  // namespace
}  // namespace wgns::bench
