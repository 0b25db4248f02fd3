// The device's sessions and timers. Its configuration is in device_config_test.cpp, its handshakes
// are in device_handshake_test.cpp.
#include "protocol/device.h"

#include <gtest/gtest.h>

#include "device_harness.h"
#include "protocol/limits.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

struct DeviceTest : TwoDevices {
    static Session& session_of(Side& side, const Side& other) {
        return *side.peer(other).keypairs.current();
    }
    // Data both ways, so that neither side waits for an answer.
    void talk() {
        a.send(b, "ping");
        settle();
        b.send(a, "pong");
        settle();
    }
    static void set_keepalive(Side& side, const Side& other, std::uint16_t seconds) {
        PeerChange change = Side::peer_change(other, true);
        change.persistent_keepalive_seconds = seconds;
        side.apply(std::move(change));
    }
};

// --- data ---

TEST_F(DeviceTest, StagedPacketsGoOnceTheirSessionHasCome) {
    connect();
    for (const char* packet : {"one", "two", "three"})
        a.send(b, packet);
    settle();
    EXPECT_EQ(b.received, (std::vector<std::string>{"one", "two", "three"}));
    EXPECT_TRUE(a.peer(b).staged.empty());
}

TEST_F(DeviceTest, C26_AResponderSendsNothingBeforeItHeardSomethingUnderItsSession) {
    connect();
    a.send(b, "hello");
    deliver(a, b);
    ASSERT_EQ(count_of(MessageType::response, deliver(b, a)), 1u);
    b.send(a, "too early");
    EXPECT_TRUE(b.take().empty());
    EXPECT_EQ(b.peer_snapshot().last_handshake, WallTime{});
    deliver(a, b);
    EXPECT_EQ(b.peer_snapshot().last_handshake, clock.wall);
    settle();
    EXPECT_EQ(a.received, std::vector<std::string>{"too early"});
}

TEST_F(DeviceTest, C28_PacketsUnderThePreviousSessionStillArrive) {
    establish();
    a.send(b, "late");
    const auto late = a.take();
    clock.advance(130s);
    a.send(b, "rekey");
    settle();
    ASSERT_NE(b.peer(a).keypairs.previous(), nullptr);
    EXPECT_EQ(b.receive(late.at(0), a.address), std::nullopt);
}

TEST_F(DeviceTest, C32_UnderADeadSessionPacketsWaitForTheNext) {
    establish();
    talk();
    clock.advance(limits::reject_after_time);
    b.send(a, "hello");
    EXPECT_EQ(b.peer(a).staged.size(), 1u);
    settle();
    EXPECT_EQ(a.received.back(), "hello");
}

TEST_F(DeviceTest, C32_CountersThatAreUsedUpEndASession) {
    establish();
    session_of(a, b).next_counter = limits::reject_after_messages - 1;
    a.send(b, "the last");
    a.send(b, "the first");
    EXPECT_EQ(a.peer(b).staged.size(), 1u);
    run_for(6s);
    EXPECT_EQ(b.received, (std::vector<std::string>{"the last", "the first"}));
    EXPECT_LT(session_of(a, b).next_counter, 3u);
}

TEST_F(DeviceTest, C33_TheInitiatorRenewsByAgeWhenItSends) {
    establish();
    clock.advance(limits::rekey_after_time);
    a.send(b, "young");
    EXPECT_EQ(count_of(MessageType::initiation, deliver(a, b)), 0u);
    clock.advance(1s);
    a.send(b, "old");
    EXPECT_EQ(count_of(MessageType::initiation, deliver(a, b)), 1u);
}

TEST_F(DeviceTest, C33_TheResponderNeverRenewsByAge) {
    establish();
    clock.advance(limits::reject_after_time - 1s);
    b.send(a, "hello");
    const auto taken = b.take();
    EXPECT_EQ(count_of(MessageType::data, taken), 1u);
    EXPECT_EQ(count_of(MessageType::initiation, taken), 0u);
}

TEST_F(DeviceTest, C33_EitherSideRenewsByCount) {
    establish();
    clock.advance(limits::rekey_timeout);
    session_of(b, a).next_counter = limits::rekey_after_messages;
    b.send(a, "hello");
    EXPECT_EQ(count_of(MessageType::initiation, b.take()), 1u);
}

TEST_F(DeviceTest, C33_TheInitiatorRenewsByAgeWhenItReceivesButOncePerSession) {
    establish();
    clock.advance(166s);
    b.send(a, "one");
    deliver(b, a);
    EXPECT_EQ(count_of(MessageType::initiation, a.take()), 1u);
    clock.advance(limits::rekey_timeout);
    b.send(a, "two");
    deliver(b, a);
    EXPECT_EQ(count_of(MessageType::initiation, a.take()), 0u);
}

TEST_F(DeviceTest, C33_EverySessionIsRenewedInItsLastSeconds) {
    establish();
    for (int i = 0; i < 3; ++i) {
        const Session* const before = a.peer(b).keypairs.current();
        clock.advance(166s);
        b.send(a, "hello");
        settle();
        EXPECT_NE(a.peer(b).keypairs.current(), before);
    }
}

TEST_F(DeviceTest, C46_TheEndpointFollowsEveryAuthenticPacket) {
    establish();
    Endpoint from = a.address;
    for (const std::string packet : {"data", ""}) {
        ++from.port;
        from.local = b.address.address;
        from.local_interface = 3;
        a.send(b, packet);
        b.receive(a.take().at(0), from);
        EXPECT_EQ(b.peer_snapshot().endpoint, from);
    }
}

TEST_F(DeviceTest, C46_WhatIsReplayedOrForgedDoesNotMoveTheEndpoint) {
    establish();
    a.send(b, "hello");
    auto taken = a.take();
    b.receive(taken.at(0), a.address);
    const Endpoint elsewhere = *Endpoint::parse("198.51.100.1:1");
    EXPECT_EQ(b.receive(taken.at(0), elsewhere), Drop::replayed_packet);
    store_le(MutableBytes(taken.at(0).bytes).subspan(8), std::uint64_t{99});
    EXPECT_EQ(b.receive(taken.at(0), elsewhere), Drop::bad_tag);
    EXPECT_EQ(b.peer_snapshot().endpoint, a.address);
}

TEST_F(DeviceTest, C53_BytesAreCountedAsTheyAreOnTheWire) {
    establish();  // initiation, response, keepalive
    EXPECT_EQ(a.peer_snapshot().sent_bytes, initiation_size + data_overhead);
    EXPECT_EQ(a.peer_snapshot().received_bytes, response_size);
    EXPECT_EQ(b.peer_snapshot().sent_bytes, response_size);
    EXPECT_EQ(b.peer_snapshot().received_bytes, initiation_size + data_overhead);
}

TEST_F(DeviceTest, ARetiredSessionStaysAsLongAsABatchNamesIt) {
    establish();
    Session& session = session_of(a, b);
    const std::uint32_t index = session.local_index;
    const AeadKey key = session.send_key.duplicate();
    SessionPins batch;
    batch.add(session);
    a.set_private_key(generate_private_key(a.entropy));
    EXPECT_EQ(a.device.find_session(index), nullptr);
    a.device.end_turn();
    EXPECT_EQ(session.peer, nullptr);
    EXPECT_TRUE(equal_constant_time(session.send_key.bytes(), key.bytes()));
    batch.release();
    a.device.end_turn();
}

TEST_F(DeviceTest, NobodyIsReadyTwice) {
    connect();
    a.send(b, "hello");
    deliver(a, b);
    deliver(b, a);
    EXPECT_EQ(a.device.next_ready(), &a.peer(b));
    EXPECT_EQ(a.device.next_ready(), nullptr);
}

// --- time ---

TEST_F(DeviceTest, C34_AnIdleTunnelIsSilent) {
    establish();
    talk();
    run_for(30s);
    const auto before = a.peer_snapshot().sent_bytes + b.peer_snapshot().sent_bytes;
    run_for(700s);
    EXPECT_EQ(a.peer_snapshot().sent_bytes + b.peer_snapshot().sent_bytes, before);
    EXPECT_TRUE(a.device.next_deadline().is_never());
    EXPECT_TRUE(b.device.next_deadline().is_never());
}

TEST_F(DeviceTest, C35_WithoutAnAnswerInitiationsEndAfterTwentyAndStagedPacketsAreDropped) {
    connect();
    a.send(b, "hello");
    EXPECT_EQ(count_of(MessageType::initiation, take_for(a, 95s)), 19u);
    EXPECT_EQ(a.peer(b).staged.size(), 1u);
    EXPECT_EQ(count_of(MessageType::initiation, take_for(a, 500s)), 1u);
    EXPECT_EQ(a.drops[Drop::staged_expired], 1u);
    a.send(b, "hello again");
    EXPECT_EQ(count_of(MessageType::initiation, a.take()), 1u);
}

TEST_F(DeviceTest, C35_NewDataBeginsTheCountAnew) {
    connect();
    a.send(b, "one");
    static_cast<void>(take_for(a, 60s));
    a.send(b, "two");
    EXPECT_GE(count_of(MessageType::initiation, take_for(a, 94s)), 17u);
    EXPECT_EQ(a.drops[Drop::staged_expired], 0u);
}

TEST_F(DeviceTest, C35_ARetryForgetsTheLocalAddress) {
    connect();
    PeerChange change = Side::peer_change(b, false);
    change.endpoint = b.address;
    change.endpoint->local = a.address.address;
    a.apply(std::move(change));
    a.send(b, "hello");
    EXPECT_EQ(a.take().at(0).to.local, a.address.address);
    EXPECT_EQ(take_for(a, 6s).at(0).to.local, IpAddress{});
}

TEST_F(DeviceTest, C35_APersistentKeepaliveTriesForEver) {
    set_keepalive(a, b, 25);
    const auto taken = take_for(a, 1000s);
    EXPECT_GT(count_of(MessageType::initiation, taken), 100u);
}

TEST_F(DeviceTest, C36_DataWithoutAnyAnswerStartsAHandshake) {
    establish();
    a.send(b, "one");
    clock.advance(10s);
    a.send(b, "two");
    static_cast<void>(a.take());
    EXPECT_EQ(take_for(a, 4900ms).size(), 0u);
    EXPECT_EQ(count_of(MessageType::initiation, take_for(a, 500ms)), 1u);
}

// It costs a system call, more than all else that a packet costs.
TEST_F(DeviceTest, APacketDrawsNoRandomness) {
    establish();
    a.send(b, "the first");
    const std::size_t before = a.entropy.fills;
    for (int i = 0; i < 100; ++i)
        a.send(b, "another");
    EXPECT_EQ(a.entropy.fills, before);
}

TEST_F(DeviceTest, C36_AKeepaliveIsAnAnswerAndWantsNone) {
    establish();
    a.send(b, "hello");
    settle();
    run_for(40s);
    EXPECT_EQ(a.peer_snapshot().sent_bytes,
              initiation_size + data_overhead + data_overhead + std::string("hello").size());
    EXPECT_EQ(b.peer_snapshot().sent_bytes, response_size + data_overhead);
}

TEST_F(DeviceTest, C37_OneKeepaliveAnswersAllThatCameInTenSeconds) {
    establish();
    for (int i = 0; i < 3; ++i) {
        a.send(b, "hello");
        deliver(a, b);
        EXPECT_TRUE(take_for(b, 3s).empty());
    }
    EXPECT_TRUE(take_for(b, 900ms).empty());
    const auto taken = take_for(b, 100ms);
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_TRUE(taken[0].is_keepalive());
}

TEST_F(DeviceTest, C37_WhatCameMeanwhileGetsOneMore) {
    establish();
    for (const std::size_t packets : {1u, 2u}) {
        for (std::size_t i = 0; i < packets; ++i)
            a.send(b, "hello");
        deliver(a, b);
        EXPECT_EQ(take_for(b, 60s).size(), packets);
    }
}

TEST_F(DeviceTest, C37_WhatCameBeforeAnAnswerWantsNoMore) {
    establish();
    for (int i = 0; i < 2; ++i)
        a.send(b, "hello");
    deliver(a, b);
    b.send(a, "answer");
    a.send(b, "hello");
    settle();
    EXPECT_EQ(take_for(b, 60s).size(), 1u);
}

TEST_F(DeviceTest, C37_OneSidedTrafficIsAnsweredEveryTenSeconds) {
    establish();
    std::size_t keepalives = 0;
    for (int second = 0; second < 60; ++second) {
        a.send(b, "hello");
        deliver(a, b);
        keepalives += take_for(b, 1s).size();
    }
    EXPECT_GE(keepalives, 5u);
    EXPECT_LE(keepalives, 6u);
}

TEST_F(DeviceTest, C37_DataSentInsteadIsAnAnswer) {
    establish();
    a.send(b, "hello");
    deliver(a, b);
    clock.advance(5s);
    b.send(a, "hello");
    static_cast<void>(b.take());
    EXPECT_TRUE(take_for(b, 9s).empty());
}

TEST_F(DeviceTest, C38_APersistentKeepaliveGoesWhenNothingElseWentForItsTime) {
    establish();
    set_keepalive(a, b, 25);
    settle();
    run_for(20s);
    set_keepalive(b, a, 25);  // sends one, which puts off ours
    set_keepalive(b, a, 0);
    settle();
    const auto before = a.peer_snapshot().sent_bytes;
    run_for(24900ms);
    EXPECT_EQ(a.peer_snapshot().sent_bytes, before);
    run_for(100ms);
    EXPECT_EQ(a.peer_snapshot().sent_bytes, before + data_overhead);
}

TEST_F(DeviceTest, C39_KeysAreForgottenThreeLivesAfterTheLastOne) {
    establish();
    const std::uint32_t index = session_of(a, b).local_index;
    static_cast<void>(take_for(a, 539s));
    EXPECT_NE(a.device.find_session(index), nullptr);
    static_cast<void>(take_for(a, 1s));
    EXPECT_EQ(a.device.find_session(index), nullptr);
    EXPECT_EQ(a.peer(b).keypairs.current(), nullptr);
    EXPECT_EQ(a.peer(b).keypairs.previous(), nullptr);
}

TEST_F(DeviceTest, C39_AHandshakeThatCameToNothingIsForgottenToo) {
    connect();
    a.send(b, "hello");
    static_cast<void>(take_for(a, 110s));
    EXPECT_TRUE(a.peer(b).handshake.pending_index());
    static_cast<void>(take_for(a, 540s));
    EXPECT_FALSE(a.peer(b).handshake.pending_index());
}

// --- the link ---

TEST_F(DeviceTest, C59_ALinkThatGoesDownTakesSessionsTimersAndStagedPacketsAlong) {
    establish();
    a.send(b, "hello");
    const std::uint32_t index = session_of(a, b).local_index;
    clock.advance(limits::reject_after_time);
    a.send(b, "staged");
    static_cast<void>(a.take());
    a.device.link_down(a.drops);
    EXPECT_EQ(a.device.find_session(index), nullptr);
    EXPECT_FALSE(a.peer(b).handshake.pending_index());
    EXPECT_TRUE(a.peer(b).staged.empty());
    EXPECT_EQ(a.drops[Drop::link_down], 1u);
    EXPECT_TRUE(a.device.next_deadline().is_never());
}

TEST_F(DeviceTest, C59_NothingIsSentOrAnsweredWhileTheLinkIsDown) {
    connect();
    b.device.link_down(b.drops);
    set_keepalive(b, a, 25);
    a.send(b, "hello");
    const auto taken = a.take();
    EXPECT_EQ(b.receive(taken.at(0), a.address), Drop::link_down);
    b.send(a, "hello");
    EXPECT_TRUE(take_for(b, 100s).empty());
}

TEST_F(DeviceTest, C59_UpAgainTheFirstPacketStartsAHandshakeAtOnce) {
    establish();
    a.device.link_down(a.drops);
    clock.advance(limits::initiation_interval_min);
    a.device.link_up(clock.moment(), a.outbox);
    a.send(b, "hello");
    EXPECT_EQ(count_of(MessageType::initiation, deliver(a, b)), 1u);
    settle();
    EXPECT_EQ(b.received, std::vector<std::string>{"hello"});
}

TEST_F(DeviceTest, TimersThatFindNoRoomAreStillDueInTheNextTurn) {
    establish();
    a.send(b, "hello");
    deliver(a, b);
    clock.advance(10s);
    b.use_up_outbox();
    b.expire();
    b.outbox.trains().clear();
    EXPECT_LE(b.device.next_deadline(), clock.now);
    b.expire();
    EXPECT_EQ(b.take().size(), 1u);
}

}  // namespace
}  // namespace wgns
