#include "cli/top_model.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

json status_of(std::uint64_t received, std::uint64_t sent, json drops = json::object()) {
    return {{"listen_port", 51820},
            {"io", "uring"},
            {"aead", "wide"},
            {"queues", {{"handshake_messages", 2}, {"longest_turn_us", 250}}},
            {"drops", std::move(drops)},
            {"peers",
             {{{"public_key", "KEY"},
               {"name", "office"},
               {"endpoint", "192.0.2.1:7"},
               {"latest_handshake", 1000},
               {"staged_packets", 3},
               {"rx_bytes", received},
               {"tx_bytes", sent}}}}};
}

struct TopModelTest : testing::Test {
    TopModel model;
    TopModel::Time now{};

    // A reading of "home", so long after the one before.
    const TopInstance& read(json status, milliseconds later = milliseconds(1000)) {
        now += later;
        model.read({{"home", std::move(status), ""}}, now);
        return model.instances().at(0);
    }
};

TEST_F(TopModelTest, TellsWhatTheStatusTells) {
    const TopInstance& home = read(status_of(10, 20, {{"bad_tag", 4}}));
    EXPECT_EQ(home.name, "home");
    EXPECT_EQ(home.listen_port, 51820U);
    EXPECT_EQ(home.io, "uring");
    EXPECT_EQ(home.aead, "wide");
    EXPECT_EQ(home.handshake_messages, 2U);
    EXPECT_EQ(home.longest_turn_us, 250U);
    EXPECT_EQ(home.drops.at("bad_tag").total, 4U);
    ASSERT_EQ(home.peers.size(), 1U);
    EXPECT_EQ(home.peers[0].name, "office");
    EXPECT_EQ(home.peers[0].endpoint, "192.0.2.1:7");
    EXPECT_EQ(home.peers[0].latest_handshake, 1000);
    EXPECT_EQ(home.peers[0].staged_packets, 3U);
    EXPECT_EQ(home.peers[0].received.total, 10U);
    EXPECT_EQ(home.peers[0].sent.total, 20U);
}

TEST_F(TopModelTest, ARateNeedsTwoReadings) {
    EXPECT_FALSE(read(status_of(10, 20)).peers[0].received.rate());
    const TopInstance& home = read(status_of(1010, 20), milliseconds(500));
    EXPECT_EQ(home.peers[0].received.rate(), 2000);
    EXPECT_EQ(home.peers[0].sent.rate(), 0);
    EXPECT_EQ(read(status_of(1010, 120), milliseconds(2000)).peers[0].sent.rate(), 50);
}

TEST_F(TopModelTest, KeepsAMinuteOfHistory) {
    for (std::uint64_t i = 0; i < 100; ++i)
        read(status_of(i * i, 0));
    const auto& rates = model.instances().at(0).peers[0].received.rates;
    ASSERT_EQ(rates.size(), TopModel::history_max);
    EXPECT_EQ(rates.back(), 99 * 99 - 98 * 98);
    EXPECT_EQ(rates.front(), 40 * 40 - 39 * 39);
}

TEST_F(TopModelTest, ACounterThatBeganAgainIsNoHugeRate) {
    read(status_of(1'000'000, 0));
    EXPECT_EQ(read(status_of(300, 0)).peers[0].received.rate(), 300);
}

TEST_F(TopModelTest, AReasonThatAppearsCountsFromZero) {
    read(status_of(0, 0));
    EXPECT_EQ(read(status_of(0, 0, {{"bad_tag", 4}})).drops.at("bad_tag").rate(), 4);
    EXPECT_EQ(read(status_of(0, 0, {{"bad_tag", 5}})).drops.at("bad_tag").rate(), 1);
}

TEST_F(TopModelTest, TroubleForgetsTheHistory) {
    read(status_of(0, 0));
    read(status_of(10, 0));
    model.read({{"home", {}, "not running"}}, now + milliseconds(1000));
    EXPECT_EQ(model.instances().at(0).trouble, "not running");
    EXPECT_TRUE(model.instances().at(0).peers.empty());
    EXPECT_FALSE(read(status_of(20, 0)).peers[0].received.rate());
}

TEST_F(TopModelTest, TellsSeveralInstancesAndForgetsThoseThatAreGone) {
    model.read({{"a", status_of(0, 0), ""}, {"b", status_of(0, 0), ""}}, now);
    ASSERT_EQ(model.instances().size(), 2U);
    EXPECT_EQ(model.instances()[1].name, "b");
    now += milliseconds(1000);
    model.read({{"b", status_of(7, 0), ""}}, now);
    ASSERT_EQ(model.instances().size(), 1U);
    EXPECT_EQ(model.instances()[0].peers[0].received.rate(), 7);
    now += milliseconds(1000);
    model.read({{"a", status_of(7, 0), ""}}, now);
    EXPECT_FALSE(model.instances()[0].peers[0].received.rate());
}

TEST_F(TopModelTest, APeerWithoutANameIsItsKey) {
    json status = status_of(0, 0);
    status["peers"][0]["name"] = "";
    EXPECT_EQ(read(status).peers[0].name, "KEY");
}

TEST_F(TopModelTest, TakesAnyJson) {
    for (const char* text :
         {"null", "[]", "3", "{}", R"({"peers": 3, "drops": [1], "queues": "x"})",
          R"({"peers": [null, 3, {"rx_bytes": "x", "staged_packets": -1}], "drops": {"a": null}})"})
        EXPECT_EQ(read(json::parse(text)).name, "home") << text;
}

}  // namespace
}  // namespace wgns
