// What tests/conformance leaves to say of the device's sessions and timers. Its configuration is in
// device_config_test.cpp, its handshakes are in device_handshake_test.cpp.
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

// It costs a system call, more than all else that a packet costs.
TEST_F(DeviceTest, APacketDrawsNoRandomness) {
    establish();
    a.send(b, "the first");
    const std::size_t before = a.entropy.fills;
    for (int i = 0; i < 100; ++i)
        a.send(b, "another");
    EXPECT_EQ(a.entropy.fills, before);
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

TEST_F(DeviceTest, C39_AHandshakeThatCameToNothingIsForgottenToo) {
    connect();
    a.send(b, "hello");
    static_cast<void>(take_for(a, 110s));
    EXPECT_TRUE(a.peer(b).handshake.pending_index());
    static_cast<void>(take_for(a, 540s));
    EXPECT_FALSE(a.peer(b).handshake.pending_index());
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
