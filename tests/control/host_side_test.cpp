#include "control/host_side.h"

#include <gtest/gtest.h>

#include "control/descriptor_name.h"

namespace wgns {
namespace {

TEST(HostSide, HasASocketForEachWorkerAndTheListeners) {
    Config config;
    config.instance = "home";
    config.published_ports.push_back({*Endpoint::parse("127.0.0.1:48080"), 80});
    DataPlaneWords words;
    words.workers = "2";
    const auto side = open_host_side(config, words);
    ASSERT_TRUE(side) << side.error().line;
    EXPECT_EQ(side->workers, 2U);
    EXPECT_EQ(side->setup.instance, "home");
    const auto lent = lend(side->descriptors);
    for (const char* name : {"udp4.0", "udp4.1", "publish 127.0.0.1:48080"}) {
        ASSERT_TRUE(lent.contains(name)) << name;
        EXPECT_EQ(lent.at(name), side->descriptors.at(name).get());
    }
}

TEST(HostSide, TellsWhichStepFailed) {
    Config config;
    DataPlaneWords words;
    words.workers = "many";
    const auto chosen = open_host_side(config, words);
    ASSERT_FALSE(chosen);
    EXPECT_NE(chosen.error().line.find("--workers"), std::string::npos);
    config.metrics_listen = Endpoint::parse("192.0.2.1:9586");
    const auto listening = open_host_side(config, {});
    ASSERT_FALSE(listening);
    EXPECT_TRUE(listening.error().line.starts_with("MetricsListen"));
}

TEST(HostSide, QueuesOfTheTunHaveNumbers) {
    TunQueues queues;
    queues.emplace_back(::dup(0));
    queues.emplace_back(::dup(0));
    Descriptors descriptors;
    add_tun(descriptors, std::move(queues));
    EXPECT_TRUE(descriptors.contains("tun.0"));
    EXPECT_TRUE(descriptors.contains("tun.1"));
}

}  // namespace
}  // namespace wgns
