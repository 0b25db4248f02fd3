// Two whole data planes in one process, on a clock that only the test moves.
#include <gtest/gtest.h>

#include "two_hosts.h"

namespace wgns::sim {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

struct TwoHostsTest : TwoHosts {
    // Moves the clock in small steps, letting both talk.
    void run_for(Duration time) {
        for (Duration passed{}; passed < time; passed += 100ms) {
            clock.advance(100ms);
            settle(a, b);
        }
    }
    static std::uint64_t sent_bytes(Host& host) {
        return host.snapshot().device.peers.at(0).sent_bytes;
    }
};

TEST_F(TwoHostsTest, AStagedPacketArrivesAfterTheHandshake) {
    connect();
    const auto packet = a.packet_to(b, 100);
    a.send(packet);
    settle(a, b);
    ASSERT_EQ(b.ports.written.size(), 1u);
    EXPECT_EQ(b.ports.written[0], packet);
}

TEST_F(TwoHostsTest, BothDirectionsCarryDataInOrder) {
    connect();
    for (std::size_t size = 60; size < 160; ++size)
        a.send(a.packet_to(b, size));
    settle(a, b);
    for (std::size_t size = 60; size < 160; ++size)
        b.send(b.packet_to(a, size));
    settle(a, b);
    ASSERT_EQ(b.ports.written.size(), 100u);
    ASSERT_EQ(a.ports.written.size(), 100u);
    for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(b.ports.written[i].size(), 60 + i);
        EXPECT_EQ(a.ports.written[i].size(), 60 + i);
    }
}

TEST_F(TwoHostsTest, APresharedKeyMustMatch) {
    SeededEntropy entropy(7);
    const PresharedKey psk = generate_preshared_key(entropy);
    a.add_peer(b, true, psk);
    b.add_peer(a, false);
    a.send(a.packet_to(b, 100));
    settle(a, b);
    EXPECT_TRUE(b.ports.written.empty());
    b.add_peer(a, false, psk);
    run_for(12s);
    EXPECT_EQ(b.ports.written.size(), 1u);
}

TEST_F(TwoHostsTest, AStrangerIsNotAnswered) {
    a.add_peer(b, true);
    a.send(a.packet_to(b, 100));
    settle(a, b);
    EXPECT_EQ(b.drops(Drop::unknown_peer), 1u);
    EXPECT_TRUE(b.ports.sent.empty());
}

TEST_F(TwoHostsTest, TheSameKeyAgainEndsNoSession) {
    establish();
    const std::uint64_t before = sent_bytes(a);
    ApplyChange again;
    again.change.private_key = a.snapshot().device.private_key.duplicate();
    a.post(std::move(again));
    a.send(a.packet_to(b, 64));
    settle(a, b);
    EXPECT_EQ(b.ports.written.size(), 2u);
    EXPECT_EQ(sent_bytes(a), before + 64 + 32);
}

TEST_F(TwoHostsTest, ALinkThatComesUpSendsWhereKeepalivesAreOn) {
    establish();
    const std::uint64_t quiet = sent_bytes(a);
    a.post(LinkUp{});
    settle(a, b);
    EXPECT_EQ(sent_bytes(a), quiet);
    a.add_peer(b, true, {}, 25);
    settle(a, b);
    const std::uint64_t turned_on = sent_bytes(a);
    a.post(LinkUp{});
    settle(a, b);
    EXPECT_EQ(sent_bytes(a), turned_on + 32);
}

TEST_F(TwoHostsTest, ALinkThatIsDownIsSilentAndComesBack) {
    connect();
    a.add_peer(b, true, {}, 25);
    settle(a, b);
    a.post(LinkDown{});
    const std::uint64_t before = sent_bytes(a);
    b.send(b.packet_to(a, 100));
    run_for(60s);
    EXPECT_TRUE(a.ports.written.empty());
    EXPECT_EQ(sent_bytes(a), before);
    a.post(LinkUp{});
    settle(a, b);
    b.send(b.packet_to(a, 100));
    settle(a, b);
    EXPECT_EQ(a.ports.written.size(), 1u);
}

TEST_F(TwoHostsTest, OtherSocketsAreNotBoundToTheOldAddress) {
    connect();
    ApplyChange roamed;
    PeerChange& peer = roamed.change.peers.emplace_back();
    peer.public_key = b.public_key();
    peer.endpoint = b.ports.address;
    peer.endpoint->local = a.ports.address.address;
    a.post(std::move(roamed));
    a.post(ForgetSources{});
    const Endpoint endpoint = a.snapshot().device.peers.at(0).endpoint;
    EXPECT_EQ(endpoint.local, IpAddress{});
    EXPECT_TRUE(endpoint.same_remote(b.ports.address));
}

TEST_F(TwoHostsTest, AnIdleTunnelIsSilent) {
    connect();
    a.send(a.packet_to(b, 100));
    run_for(30s);
    const std::uint64_t before_a = sent_bytes(a), before_b = sent_bytes(b);
    run_for(600s);
    EXPECT_EQ(sent_bytes(a), before_a);
    EXPECT_EQ(sent_bytes(b), before_b);
}

TEST_F(TwoHostsTest, DataThatIsNotAnsweredIsAnsweredByOneKeepalive) {
    establish();
    const std::uint64_t before = sent_bytes(b);
    run_for(9s);
    EXPECT_EQ(sent_bytes(b), before);
    run_for(30s);
    EXPECT_EQ(sent_bytes(b), before + data_overhead);
}

TEST_F(TwoHostsTest, TrafficGoesOnOverManyRekeys) {
    connect();
    std::size_t sent = 0;
    for (int second = 0; second < 600; ++second) {
        a.send(a.packet_to(b, 100));
        ++sent;
        run_for(1s);
    }
    EXPECT_EQ(b.ports.written.size(), sent);
}

TEST_F(TwoHostsTest, WithoutAnAnswerInitiationsStopAndStagedPacketsAreDropped) {
    connect();
    a.send(a.packet_to(b, 100));
    std::size_t initiations = 0;
    for (int tenths = 0; tenths < 2000; ++tenths) {
        a.turn();
        initiations += a.ports.sent.size();
        a.ports.sent.clear();
        clock.advance(100ms);
    }
    EXPECT_GE(initiations, 18u);
    EXPECT_LE(initiations, 20u);
    EXPECT_EQ(a.drops(Drop::staged_expired), 1u);
}

TEST_F(TwoHostsTest, AReplayedDatagramIsRefused) {
    establish();
    a.send(a.packet_to(b, 100));
    a.turn();
    ASSERT_EQ(a.ports.sent.size(), 1u);
    b.ports.to_receive.push_back(a.ports.sent[0]);
    b.ports.to_receive.push_back(a.ports.sent[0]);
    b.turn();
    EXPECT_EQ(b.ports.written.size(), 2u);
    EXPECT_EQ(b.drops(Drop::replayed_packet), 1u);
}

TEST_F(TwoHostsTest, APacketFromAnAddressThatIsNotThePeersIsRefused) {
    connect();
    auto packet = a.packet_to(b, 100);
    packet[15] = 99;
    a.send(packet);
    settle(a, b);
    EXPECT_TRUE(b.ports.written.empty());
    EXPECT_EQ(b.drops(Drop::bad_source), 1u);
}

TEST_F(TwoHostsTest, TheEndpointFollowsAuthenticPackets) {
    establish();
    a.ports.address.port = 4444;
    a.send(a.packet_to(b, 100));
    settle(a, b);
    b.send(b.packet_to(a, 100));
    settle(a, b);
    EXPECT_EQ(a.ports.written.size(), 1u);
}

TEST_F(TwoHostsTest, PersistentKeepaliveStartsAtOnceAndGoesOn) {
    b.add_peer(a, false);
    a.add_peer(b, true, {}, 25);
    settle(a, b);
    const std::uint64_t before = sent_bytes(a);
    run_for(101s);
    EXPECT_EQ(sent_bytes(a), before + 4 * data_overhead);
}

}  // namespace
}  // namespace wgns::sim
