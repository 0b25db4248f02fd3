#include "cli/bench/tcp_load.h"

#include "tests/cli/bench/traffic_pair.h"

namespace wgns::bench {
namespace {

TEST(BenchTcpLoad, WhatIsSentComes) {
    for (const unsigned streams : {1U, 4U}) {
        const TcpPlan plan{streams, false, short_phases};
        std::uint64_t sent = 0;
        const auto came =
            run_pair([&](Channel& channel) { return listen_tcp(channel, loopback, plan); },
                     [&](const Endpoint& to) { sent = call_tcp(to, plan)->at("sent"); });
        EXPECT_GT(sent, 0U);
        EXPECT_EQ(came.at("bytes"), sent);
        EXPECT_GT(came.at("counted_bytes"), 0);
        EXPECT_LT(came.at("counted_bytes"), sent);
        EXPECT_GE(came.at("counted_seconds"), 0.1);
    }
}

TEST(BenchTcpLoad, WhoListensMaySend) {
    const TcpPlan plan{2, true, short_phases};
    nlohmann::json came;
    const auto sent =
        run_pair([&](Channel& channel) { return listen_tcp(channel, loopback, plan); },
                 [&](const Endpoint& to) { came = *call_tcp(to, plan); });
    EXPECT_GT(sent.at("sent"), 0);
    EXPECT_EQ(came.at("bytes"), sent.at("sent"));
    EXPECT_GT(came.at("counted_bytes"), 0);
}

TEST(BenchTcpLoad, NobodyThere) {
    const auto sent = call_tcp(*Endpoint::parse("127.0.0.1:1"), {1, false, short_phases});
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, ECONNREFUSED);
}

}  // namespace
}  // namespace wgns::bench
