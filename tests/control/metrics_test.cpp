#include "control/metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <set>
#include <sstream>
#include <vector>

#include "crypto/x25519.h"

namespace wgns {
namespace {

PublicKey metrics_key(std::uint8_t byte) {
    PublicKey key;
    key.bytes.fill(byte);
    return key;
}

struct MetricsTest : testing::Test {
    DaemonSetup setup;
    WorkerSnapshot snapshot;
    EndpointCounts endpoints;

    void SetUp() override {
        setup.instance = "home";
        snapshot.io = "epoll";
        snapshot.aead = "sodium";
    }
    PeerSnapshot& add_peer(std::uint8_t byte, const std::string& name) {
        setup.peers[metrics_key(byte)] = {name, ""};
        PeerSnapshot& peer = snapshot.device.peers.emplace_back();
        peer.public_key = metrics_key(byte);
        return peer;
    }
    [[nodiscard]] std::string text() const {
        return metrics_text(snapshot, {&setup, 51820, {"", "", {}, 3}}, endpoints);
    }
    [[nodiscard]] std::vector<std::string> lines() const {
        std::istringstream stream(text());
        std::vector<std::string> all;
        for (std::string line; std::getline(stream, line);)
            all.push_back(line);
        return all;
    }
    // What stands behind a sample's name and labels; empty where there is no such sample.
    [[nodiscard]] std::string value(const std::string& sample) const {
        for (const std::string& line : lines())
            if (line.starts_with(sample + " ")) return line.substr(sample.size() + 1);
        return "";
    }
};

TEST_F(MetricsTest, TellsTheInstance) {
    const std::string told = text();
    EXPECT_NE(told.find("\nwgns_build_info{instance=\"home\",version=\""), std::string::npos);
    EXPECT_NE(told.find("\",io=\"epoll\",aead=\"sodium\"} 1\n"), std::string::npos);
    EXPECT_EQ(value(R"(wgns_listen_port{instance="home"})"), "51820");
    EXPECT_EQ(value(R"(wgns_workers{instance="home"})"), "3");
}

TEST_F(MetricsTest, TellsThePeers) {
    PeerSnapshot& peer = add_peer(1, "office");
    peer.endpoint = *Endpoint::parse("192.0.2.1:7");
    peer.last_handshake = {1000, 5};
    peer.received_bytes = 10;
    peer.sent_bytes = UINT64_MAX;
    peer.staged_packets = 3;
    const std::string labels = R"({instance="home",peer="office"})";
    EXPECT_EQ(value("wgns_peer_received_bytes_total" + labels), "10");
    EXPECT_EQ(value("wgns_peer_sent_bytes_total" + labels), "18446744073709551615");
    EXPECT_EQ(value("wgns_peer_last_handshake_timestamp_seconds" + labels), "1000");
    EXPECT_EQ(value("wgns_peer_endpoint_known" + labels), "1");
    EXPECT_EQ(value("wgns_peer_staged_packets" + labels), "3");
}

TEST_F(MetricsTest, AHandshakeThatNeverWasIsAbsent) {
    add_peer(1, "office");
    EXPECT_EQ(value(R"(wgns_peer_last_handshake_timestamp_seconds{instance="home",peer="office"})"),
              "");
    EXPECT_EQ(value(R"(wgns_peer_endpoint_known{instance="home",peer="office"})"), "0");
}

TEST_F(MetricsTest, APeerWithoutANameOfItsOwnIsCalledByItsKey) {
    add_peer(1, "");
    add_peer(2, "twin");
    add_peer(3, "twin");
    add_peer(4, key_to_base64(metrics_key(1).bytes));
    snapshot.device.peers.emplace_back().public_key = metrics_key(5);  // nobody configured it
    for (std::uint8_t byte = 1; byte <= 5; ++byte)
        EXPECT_EQ(value("wgns_peer_staged_packets{instance=\"home\",peer=\"" +
                        key_to_base64(metrics_key(byte).bytes) + "\"}"),
                  "0")
            << int{byte};
}

TEST_F(MetricsTest, EscapesLabels) {
    EXPECT_EQ(escaped_label("a\\b\"c\nd"), "a\\\\b\\\"c\\nd");
    EXPECT_EQ(escaped_label("das Büro {x=1}"), "das Büro {x=1}");
    add_peer(1, "the \"big\"\noffice\\");
    EXPECT_EQ(value(R"(wgns_peer_sent_bytes_total{instance="home",peer="the \"big\"\noffice\\"})"),
              "0");
}

TEST_F(MetricsTest, TellsEveryReasonToDrop) {
    snapshot.drops.count(Drop::bad_tag, 3);
    EXPECT_EQ(value(R"(wgns_dropped_packets_total{instance="home",reason="bad_tag"})"), "3");
    for (std::size_t i = 0; i < drop_count; ++i) {
        const std::string name(drop_name(static_cast<Drop>(i)));
        EXPECT_NE(value("wgns_dropped_packets_total{instance=\"home\",reason=\"" + name + "\"}"),
                  "")
            << name;
    }
}

TEST_F(MetricsTest, TellsWhatWaitsInSeconds) {
    snapshot.queues = {5, std::chrono::microseconds(250)};
    endpoints = {2, 1};
    EXPECT_EQ(value(R"(wgns_handshake_backlog_messages{instance="home"})"), "5");
    EXPECT_EQ(std::stod(value(R"(wgns_longest_turn_seconds{instance="home"})")), 0.00025);
    EXPECT_EQ(value(R"(wgns_endpoint_lookup_failures_total{instance="home"})"), "2");
    EXPECT_EQ(value(R"(wgns_endpoint_changes_total{instance="home"})"), "1");
}

// Each metric has HELP and TYPE once, and its samples at once behind them; no sample twice.
TEST_F(MetricsTest, KeepsTheOrderOfTheFormat) {
    add_peer(1, "one");
    add_peer(2, "two");
    std::set<std::string> metrics;
    std::set<std::string> samples;
    std::string current;
    for (const std::string& line : lines()) {
        std::istringstream words(line);
        std::string hash, kind, name;
        if (line.starts_with("# HELP ")) {
            words >> hash >> kind >> current;
            EXPECT_TRUE(metrics.insert(current).second) << line;
        } else if (line.starts_with("# TYPE ")) {
            words >> hash >> kind >> name;
            EXPECT_EQ(name, current);
            EXPECT_EQ(line.ends_with(" counter"), name.ends_with("_total")) << line;
        } else {
            EXPECT_EQ(line.substr(0, line.find('{')), current);
            EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second) << line;
        }
    }
    EXPECT_EQ(text().back(), '\n');
}

TEST_F(MetricsTest, HoldsNoSecret) {
    std::array<std::uint8_t, 32> secret{};
    secret.fill(0x55);
    snapshot.device.private_key = PrivateKey(secret);
    add_peer(1, "").preshared_key = PresharedKey(secret);
    EXPECT_EQ(text().find(key_to_base64(secret)), std::string::npos);
    EXPECT_EQ(text().find(key_to_hex(secret)), std::string::npos);
}

}  // namespace
}  // namespace wgns
