#include "control/status.h"

#include <gtest/gtest.h>

#include "crypto/x25519.h"

namespace wgns {
namespace {

using nlohmann::json;

PublicKey key_of(std::uint8_t byte) {
    PublicKey key;
    key.bytes.fill(byte);
    return key;
}

struct StatusTest : testing::Test {
    DaemonSetup setup;
    WorkerSnapshot snapshot;
    std::array<std::uint8_t, 32> secret{};

    void SetUp() override {
        secret.fill(0x55);
        setup.instance = "home";
        setup.namespace_name = "space";
        setup.interface = "wg0";
        setup.mtu = 1420;
        setup.peers[key_of(1)] = {"office", "vpn.example.org:7"};
        snapshot.io = "epoll";
        snapshot.aead = "sodium";
        snapshot.device.private_key = PrivateKey(secret);
        PeerSnapshot peer;
        peer.public_key = key_of(1);
        peer.preshared_key = PresharedKey(secret);
        peer.endpoint = *Endpoint::parse("192.0.2.1:7");
        peer.last_handshake = {1000, 5};
        peer.received_bytes = 10;
        peer.sent_bytes = 20;
        peer.staged_packets = 3;
        peer.persistent_keepalive_seconds = 25;
        peer.allowed_ips = {*IpPrefix::parse("10.0.0.0/8"), *IpPrefix::parse("::/0")};
        snapshot.device.peers.push_back(std::move(peer));
        PeerSnapshot unknown;
        unknown.public_key = key_of(2);
        snapshot.device.peers.push_back(std::move(unknown));
    }
    [[nodiscard]] json status() const {
        return status_json(snapshot, {&setup, 51820, {"no ring", "old CPU", {true, false}, 3}, 17});
    }
};

TEST_F(StatusTest, TellsTheDevice) {
    const json got = status();
    EXPECT_EQ(got["instance"], "home");
    EXPECT_EQ(got["namespace"], "space");
    EXPECT_EQ(got["interface"], "wg0");
    EXPECT_EQ(got["pid"], 17);
    EXPECT_EQ(got["listen_port"], 51820);
    EXPECT_EQ(got["mtu"], 1420);
    EXPECT_EQ(got["io"], "epoll");
    EXPECT_EQ(got["io_reason"], "no ring");
    EXPECT_EQ(got["aead"], "sodium");
    EXPECT_EQ(got["aead_reason"], "old CPU");
    EXPECT_EQ(got["offloads"], "tcp");
    EXPECT_EQ(got["workers"], 3);
    EXPECT_EQ(got["public_key"], key_to_base64(public_key_of(PrivateKey(secret)).bytes));
}

TEST_F(StatusTest, TellsThePeers) {
    const json got = status();
    EXPECT_EQ(got["peers"][0], json({{"public_key", key_to_base64(key_of(1).bytes)},
                                     {"name", "office"},
                                     {"endpoint_configured", "vpn.example.org:7"},
                                     {"endpoint", "192.0.2.1:7"},
                                     {"latest_handshake", 1000},
                                     {"rx_bytes", 10},
                                     {"tx_bytes", 20},
                                     {"staged_packets", 3},
                                     {"persistent_keepalive", 25},
                                     {"allowed_ips", {"10.0.0.0/8", "::/0"}}}));
    EXPECT_EQ(got["peers"][1]["name"], "");
    EXPECT_EQ(got["peers"][1]["endpoint"], "");
    EXPECT_EQ(got["peers"][1]["allowed_ips"], json::array());
}

TEST_F(StatusTest, TellsWhatWaits) {
    snapshot.queues = {5, std::chrono::microseconds(250)};
    EXPECT_EQ(status()["queues"], json({{"handshake_messages", 5}, {"longest_turn_us", 250}}));
}

TEST_F(StatusTest, TellsOnlyDropsThatHappened) {
    EXPECT_EQ(status()["drops"], json::object());
    snapshot.drops.count(Drop::bad_tag, 3);
    EXPECT_EQ(status()["drops"], json({{"bad_tag", 3}}));
}

TEST_F(StatusTest, HoldsNoSecret) {
    const std::string text = status().dump();
    EXPECT_EQ(text.find(key_to_base64(secret)), std::string::npos);
    EXPECT_EQ(text.find(key_to_hex(secret)), std::string::npos);
}

}  // namespace
}  // namespace wgns
