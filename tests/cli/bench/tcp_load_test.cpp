#include "cli/bench/tcp_load.h"

#include "tests/cli/bench/traffic_pair.h"

namespace wgns::bench {
namespace {

TEST(BenchTcpLoad, WhatIsSentComes) {
    for (const unsigned streams : {1U, 4U}) {
        const TcpPlan plan{streams, short_phases};
        std::uint64_t sent = 0;
        const auto came =
            run_pair([&](Channel& channel) { return sink_tcp(channel, loopback, plan); },
                     [&](const Endpoint& to) { sent = send_tcp(to, plan)->at("sent"); });
        EXPECT_GT(sent, 0U);
        EXPECT_EQ(came.at("bytes"), sent);
        EXPECT_GT(came.at("counted_bytes"), 0);
        EXPECT_LT(came.at("counted_bytes"), sent);
        EXPECT_GE(came.at("counted_seconds"), 0.1);
    }
}

TEST(BenchTcpLoad, NobodyThere) {
    const auto sent = send_tcp(*Endpoint::parse("127.0.0.1:1"), {1, short_phases});
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, ECONNREFUSED);
}

}  // namespace
}  // namespace wgns::bench
