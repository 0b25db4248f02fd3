#include "cli/bench/task.h"

#include <gtest/gtest.h>

#include "tests/cli/bench/traffic_pair.h"

namespace wgns::bench {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

Task some_task(Traffic traffic) {
    Task task;
    task.traffic = traffic;
    task.is_reverse = traffic == Traffic::tcp;
    task.streams = 3;
    task.datagram_size = 200;
    task.has_trains = true;
    task.phases = short_phases;
    return task;
}

TEST(BenchTask, IsReadBack) {
    for (const Traffic traffic : {Traffic::tcp, Traffic::udp, Traffic::ping}) {
        const Task written = some_task(traffic);
        const auto read = task_of(json::parse(json_of(written).dump()));
        ASSERT_TRUE(read) << describe(read.error());
        EXPECT_EQ(json_of(*read), json_of(written));
    }
}

TEST(BenchTask, WhatIsBeyondTheLimitsIsRefused) {
    const struct {
        const char* key;
        json value;
    } rows[] = {
        /* 0 */ {"traffic", "handshake"}, /* 1 */ {"traffic", 7},
        /* 2 */ {"streams", 0},           /* 3 */ {"streams", 65},
        /* 4 */ {"streams", -1},          /* 5 */ {"datagram_size", 1},
        /* 6 */ {"datagram_size", 9001},  /* 7 */ {"counted_ns", 611'000'000'000ULL},
        /* 8 */ {"warm_up_ns", -1},       /* 9 */ {"is_reverse", 1},
        /* 10 */ {"streams", 1e300},      /* 11 */ {"warm_up_ns", UINT64_MAX},
    };
    for (const auto& row : rows) {
        json order = json_of(some_task(Traffic::tcp));
        order[row.key] = row.value;
        EXPECT_FALSE(task_of(order)) << row.key << " " << row.value;
        order.erase(row.key);
        EXPECT_FALSE(task_of(order)) << row.key;
    }
    for (const json& each : {json(), json::array({1}), json("task"), json(1)})
        EXPECT_FALSE(task_of(each)) << each;
}

TEST(BenchTask, BothEndsCarryItOut) {
    for (const Traffic traffic : {Traffic::tcp, Traffic::udp, Traffic::ping}) {
        const Task task = some_task(traffic);
        json called;
        const json listened =
            run_pair([&](Channel& channel) { return listen(channel, loopback, task); },
                     [&](const Endpoint& to) { called = *call(to, task); });
        EXPECT_EQ(called.contains("answered"), traffic == Traffic::ping);
        EXPECT_EQ(called.contains("counted_bytes"), traffic == Traffic::tcp);
        EXPECT_EQ(listened.contains("counted_bytes"), traffic == Traffic::udp);
    }
}

}  // namespace
}  // namespace wgns::bench
