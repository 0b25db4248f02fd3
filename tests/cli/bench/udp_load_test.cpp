#include "cli/bench/udp_load.h"

#include "tests/cli/bench/traffic_pair.h"

namespace wgns::bench {
namespace {

TEST(BenchUdpLoad, DatagramsAreCountedOneByOneAndInTrains) {
    for (const std::uint32_t size : {64U, 1368U}) {
        for (const bool has_trains : {false, true}) {
            const UdpPlan plan{size, has_trains, short_phases};
            std::uint64_t sent = 0;
            const auto came =
                run_pair([&](Channel& channel) { return sink_udp(channel, loopback, plan); },
                         [&](const Endpoint& to) { sent = send_udp(to, plan)->at("sent"); });
            const std::uint64_t bytes = came.at("counted_bytes");
            EXPECT_GT(bytes, 0U) << size;
            EXPECT_LE(bytes, came.at("bytes").get<std::uint64_t>()) << size;
            EXPECT_LE(came.at("bytes").get<std::uint64_t>(), sent) << size;
            EXPECT_EQ(came.at("counted_packets").get<std::uint64_t>() * size, bytes) << size;
        }
    }
}

}  // namespace
}  // namespace wgns::bench
