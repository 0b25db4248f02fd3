// What tests/conformance leaves to say of the device's configuration: identity, peers and what
// belongs to them.
#include <gtest/gtest.h>

#include "device_harness.h"
#include "protocol/limits.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

struct DeviceConfigTest : TwoDevices {
    static PublicKey some_key(std::uint32_t number) {
        PublicKey key;
        store_le(MutableBytes(key.bytes), number);
        return key;
    }
    static PeerChange some_peer(std::uint32_t number) {
        PeerChange change;
        change.public_key = some_key(number);
        return change;
    }
    static PresharedKey some_psk(std::uint8_t byte) {
        std::array<std::uint8_t, 32> bytes;
        bytes.fill(byte);
        return PresharedKey(bytes);
    }
    static IpPrefix prefix(const char* text) { return IpPrefix::parse(text).value(); }
    static PeerChange with_prefix(PeerChange change, const char* text, bool remove = false) {
        change.allowed_ips.push_back({prefix(text), remove});
        return change;
    }
    PublicKey owner_of(const char* address) const {
        const Peer* const peer = a.device.route(IpAddress::parse(address).value());
        return peer ? peer->public_key : PublicKey{};
    }
    PrivateKey other_secret() { return generate_private_key(a.entropy); }
};

// --- peers ---

TEST_F(DeviceConfigTest, AnUpdateMakesNoPeer) {
    PeerChange change = some_peer(1);
    change.update_only = true;
    a.apply(std::move(change));
    EXPECT_TRUE(a.device.snapshot().peers.empty());
}

TEST_F(DeviceConfigTest, AnUpdateChangesAKnownPeer) {
    connect();
    PeerChange change = Side::peer_change(b, false);
    change.update_only = true;
    change.endpoint = Endpoint::parse("[2001:db8::7]:7");
    a.apply(std::move(change));
    EXPECT_EQ(a.peer_snapshot().endpoint, *Endpoint::parse("[2001:db8::7]:7"));
}

TEST_F(DeviceConfigTest, AnotherEndpointAndAHandshakeLeaveTheSession) {
    establish();
    run_for(6s);  // no two initiations within 5 s
    PeerChange change;
    change.public_key = b.key;
    change.update_only = true;
    change.endpoint = Endpoint::parse("192.0.2.99:7");
    change.start_handshake = true;
    ASSERT_TRUE(a.apply(std::move(change)));
    a.send(b, "under the session that lives");
    const auto sent = a.take();
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0].type(), MessageType::initiation);
    EXPECT_EQ(sent[1].type(), MessageType::data);
    for (const Datagram& each : sent) {
        EXPECT_EQ(each.to.to_string(), "192.0.2.99:7");
        EXPECT_EQ(b.receive(each, a.address), std::nullopt);
    }
    EXPECT_EQ(b.received, std::vector<std::string>{"under the session that lives"});
}

TEST_F(DeviceConfigTest, AHandshakeIsNotStartedTwiceWithinItsTime) {
    establish();
    for (int round = 0; round < 2; ++round) {
        PeerChange change;
        change.public_key = b.key;
        change.start_handshake = true;
        ASSERT_TRUE(a.apply(std::move(change)));
    }
    EXPECT_TRUE(a.take().empty());
    EXPECT_EQ(count_of(MessageType::initiation, take_for(a, 7s)), 1u);
}

TEST_F(DeviceConfigTest, WhatAChangeDoesNotNameStays) {
    connect();
    PeerChange change = Side::peer_change(b, true);
    change.preshared_key = some_psk(3);
    change.persistent_keepalive_seconds = 25;
    a.apply(std::move(change));
    PeerChange empty;
    empty.public_key = b.key;
    a.apply(std::move(empty));
    const PeerSnapshot peer = a.peer_snapshot();
    EXPECT_TRUE(equal_constant_time(peer.preshared_key.bytes(), some_psk(3).bytes()));
    EXPECT_EQ(peer.endpoint, b.address);
    EXPECT_EQ(peer.persistent_keepalive_seconds, 25);
    EXPECT_EQ(peer.allowed_ips.size(), 1u);
}

TEST_F(DeviceConfigTest, ARemovedPeerLeavesNothingBehind) {
    establish();
    a.send(b, "unanswered");
    const std::uint32_t index = a.peer(b).keypairs.current()->local_index;
    PeerChange change;
    change.public_key = b.key;
    change.remove = true;
    a.apply(std::move(change));
    EXPECT_TRUE(a.device.snapshot().peers.empty());
    EXPECT_EQ(a.device.route(b.inner), nullptr);
    EXPECT_EQ(a.device.find_session(index), nullptr);
    EXPECT_TRUE(a.device.next_deadline().is_never());
}

TEST_F(DeviceConfigTest, WhatIsSaidOfARemovedPeerIsNotApplied) {
    connect();
    PeerChange change = with_prefix(Side::peer_change(b, true), "10.1.0.0/16");
    change.remove = true;
    a.apply(std::move(change));
    EXPECT_TRUE(a.device.snapshot().peers.empty());
    EXPECT_EQ(owner_of("10.1.0.1"), PublicKey{});
}

TEST_F(DeviceConfigTest, ARemovedPeerHasNoPacketsToSend) {
    connect();
    a.send(b, "staged");
    deliver(a, b);
    deliver(b, a);
    PeerChange change;
    change.public_key = b.key;
    change.remove = true;
    a.apply(std::move(change));
    EXPECT_EQ(a.device.next_ready(), nullptr);
}

TEST_F(DeviceConfigTest, ReplacingPeersForgetsThoseBefore) {
    a.apply(some_peer(1));
    a.apply(some_peer(2));
    DeviceChange change;
    change.replace_peers = true;
    change.peers.push_back(some_peer(2));
    change.peers.push_back(some_peer(3));
    a.apply(std::move(change));
    const DeviceSnapshot snapshot = a.device.snapshot();
    ASSERT_EQ(snapshot.peers.size(), 2u);
    EXPECT_EQ(snapshot.peers[0].public_key, some_key(2));
    EXPECT_EQ(snapshot.peers[1].public_key, some_key(3));
}

TEST_F(DeviceConfigTest, PeersAreToldInTheOrderOfTheirCreation) {
    for (const std::uint32_t number : {3u, 1u, 2u, 1u})
        a.apply(some_peer(number));
    const DeviceSnapshot snapshot = a.device.snapshot();
    ASSERT_EQ(snapshot.peers.size(), 3u);
    EXPECT_EQ(snapshot.peers[0].public_key, some_key(3));
    EXPECT_EQ(snapshot.peers[1].public_key, some_key(1));
    EXPECT_EQ(snapshot.peers[2].public_key, some_key(2));
}

TEST_F(DeviceConfigTest, PeersAreBounded) {
    DeviceChange change;
    change.private_key.emplace();  // none: or each peer costs a Diffie-Hellman
    for (std::uint32_t number = 1; number <= limits::peers_max + 1; ++number)
        change.peers.push_back(some_peer(number));
    EXPECT_FALSE(a.apply(std::move(change)));
    EXPECT_EQ(a.device.snapshot().peers.size(), limits::peers_max);
    EXPECT_FALSE(a.apply(some_peer(limits::peers_max + 1))) << "nor in a change of its own";
    EXPECT_TRUE(a.apply(some_peer(1)));
    DeviceChange none;
    none.replace_peers = true;
    EXPECT_TRUE(a.apply(std::move(none)));
    EXPECT_TRUE(a.device.snapshot().peers.empty());
}

// --- allowed IPs ---

TEST_F(DeviceConfigTest, C54_AnAllowedIpMovesToWhoeverClaimsItLast) {
    a.apply(with_prefix(some_peer(1), "10.1.0.0/16"));
    a.apply(with_prefix(some_peer(2), "10.1.2.3/16"));
    EXPECT_EQ(owner_of("10.1.9.9"), some_key(2));
    EXPECT_TRUE(a.device.snapshot().peers[0].allowed_ips.empty());
    EXPECT_EQ(a.device.snapshot().peers[1].allowed_ips.front(), prefix("10.1.0.0/16"));
}

TEST_F(DeviceConfigTest, OnlyItsOwnerGivesAnAllowedIpAway) {
    a.apply(with_prefix(some_peer(1), "10.1.0.0/16"));
    a.apply(with_prefix(some_peer(2), "10.1.0.0/16", true));
    EXPECT_EQ(owner_of("10.1.9.9"), some_key(1));
    a.apply(with_prefix(some_peer(1), "10.1.0.0/16", true));
    EXPECT_EQ(owner_of("10.1.9.9"), PublicKey{});
}

TEST_F(DeviceConfigTest, ReplacingAllowedIpsForgetsThoseBefore) {
    a.apply(with_prefix(some_peer(1), "10.1.0.0/16"));
    PeerChange change = with_prefix(some_peer(1), "::/0");
    change.replace_allowed_ips = true;
    a.apply(std::move(change));
    EXPECT_EQ(owner_of("10.1.9.9"), PublicKey{});
    EXPECT_EQ(owner_of("2001:db8::1"), some_key(1));
}

// --- keys ---

TEST_F(DeviceConfigTest, C42_AnotherPrivateKeyEndsTheSessions) {
    establish();
    Session* const session = a.peer(b).keypairs.current();
    const std::uint32_t index = session->local_index;
    a.set_private_key(other_secret());
    EXPECT_EQ(a.peer(b).sending_session(clock.now), nullptr);
    EXPECT_EQ(a.device.find_session(index), nullptr);
}

TEST_F(DeviceConfigTest, C42_AnotherPrivateKeyAllowsAHandshakeAtOnce) {
    establish();
    a.set_private_key(other_secret());
    a.send(b, "hello");
    EXPECT_EQ(count_of(MessageType::initiation, a.take()), 1u);
}

TEST_F(DeviceConfigTest, C42_BothSidesOfAChangedKeyMeetAgain) {
    establish();
    const PrivateKey secret = other_secret();
    a.set_private_key(secret);
    PeerChange gone;
    gone.public_key = a.key;
    gone.remove = true;
    b.apply(std::move(gone));
    a.key = public_key_of(secret);
    b.apply(Side::peer_change(a, false));
    a.send(b, "hello");
    settle();
    EXPECT_EQ(b.received, std::vector<std::string>{"hello"});
}

TEST_F(DeviceConfigTest, C42_WhatIsStagedStartsAHandshakeUnderTheNewKey) {
    a.set_private_key(PrivateKey{});
    connect();
    a.send(b, "staged");
    EXPECT_TRUE(take_for(a, 10s).empty());
    for (int i = 0; i < 2; ++i) {
        a.set_private_key(other_secret());
        EXPECT_EQ(count_of(MessageType::initiation, a.take()), 1u);
        clock.advance(1s);
    }
}

TEST_F(DeviceConfigTest, C42_AnAnswerToTheKeyBeforeIsRefused) {
    connect();
    a.send(b, "hello");
    deliver(a, b);
    const auto response = b.take();
    a.set_private_key(other_secret());
    EXPECT_EQ(a.receive(response.at(0), b.address), Drop::bad_mac1);
}

TEST_F(DeviceConfigTest, C43_ADifferentPresharedKeyLetsNoHandshakeThrough) {
    establish();
    PeerChange change = Side::peer_change(b, false);
    change.preshared_key = some_psk(5);
    a.apply(std::move(change));
    const Session* const session = a.peer(b).keypairs.current();
    clock.advance(130s);
    a.send(b, "hello");
    deliver(a, b);
    const auto answer = b.take();
    ASSERT_EQ(count_of(MessageType::response, answer), 1u);
    EXPECT_EQ(a.receive(answer.at(0), b.address), Drop::bad_tag);
    EXPECT_EQ(a.peer(b).keypairs.current(), session);
}

// --- persistent keepalive ---

TEST_F(DeviceConfigTest, C38_APersistentKeepaliveBeginsOnceTheEndpointIsKnown) {
    PeerChange change = Side::peer_change(b, false);
    change.persistent_keepalive_seconds = 25;
    a.apply(std::move(change));
    EXPECT_TRUE(take_for(a, 100s).empty());
    a.apply(Side::peer_change(b, true));
    EXPECT_EQ(count_of(MessageType::initiation, a.take()), 1u);
}

TEST_F(DeviceConfigTest, C38_APersistentKeepaliveBeginsOnceThereIsAPrivateKey) {
    a.set_private_key(PrivateKey{});
    PeerChange change = Side::peer_change(b, true);
    change.persistent_keepalive_seconds = 25;
    a.apply(std::move(change));
    EXPECT_TRUE(take_for(a, 100s).empty());
    a.set_private_key(a.secret);
    EXPECT_EQ(count_of(MessageType::initiation, a.take()), 1u);
}

TEST_F(DeviceConfigTest, C38_APersistentKeepaliveTurnedOffIsSilent) {
    establish();
    for (const std::uint16_t seconds : {std::uint16_t{25}, std::uint16_t{0}}) {
        PeerChange change = Side::peer_change(b, false);
        change.persistent_keepalive_seconds = seconds;
        a.apply(std::move(change));
    }
    settle();
    EXPECT_TRUE(take_for(a, 100s).empty());
}

}  // namespace
}  // namespace wgns
