// A sink in a process of its own, and a source in this one, over the loopback device.
#pragma once

#include <gtest/gtest.h>

#include "cli/bench/traffic.h"

namespace wgns::bench {

inline const Endpoint loopback = *Endpoint::parse("127.0.0.1:0");
inline const Phases short_phases{std::chrono::milliseconds(20), std::chrono::milliseconds(100)};

// What the sink says once `source`, which is given its place, has ended.
template <class Sink, class Source>
nlohmann::json run_pair(Sink sink, Source source) {
    const Interrupt interrupt;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    auto child =
        Child::start([&](Channel& channel) { static_cast<void>(channel.send(*sink(channel))); });
    EXPECT_TRUE(child);
    const auto ready = child->hear(interrupt, deadline);
    EXPECT_TRUE(ready);
    Endpoint to = loopback;
    to.port = ready->at("port").template get<std::uint16_t>();
    source(to);
    static_cast<void>(child->channel().send({{"stop", true}}));
    const auto value = child->hear(interrupt, deadline);
    EXPECT_TRUE(value);
    return *value;
}

}  // namespace wgns::bench
