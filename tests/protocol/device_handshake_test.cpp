// What tests/conformance leaves to say of the device's part in handshakes
// (protocol/device_handshake.cpp).
#include <gtest/gtest.h>

#include "device_harness.h"
#include "protocol/limits.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

struct DeviceHandshakeTest : TwoDevices {
    // The initiation that `side` sends for a packet to `other`.
    Datagram initiate(Side& side, const Side& other) {
        side.send(other, "hello");
        const auto taken = side.take();
        EXPECT_EQ(taken.size(), 1u);
        EXPECT_EQ(taken.at(0).type(), MessageType::initiation);
        return taken.at(0);
    }
    // And what the other answers with.
    Datagram answer(Side& side, const Datagram& message, const Side& from,
                    std::size_t backlog = 1) {
        side.receive(message, from.address, backlog);
        const auto taken = side.take();
        EXPECT_EQ(taken.size(), 1u);
        return taken.at(0);
    }
    static constexpr std::size_t heavy = limits::under_load_backlog;
};

// --- what is exchanged ---

TEST_F(DeviceHandshakeTest, C26_TheHandshakeIsToldOnceItIsComplete) {
    connect();
    a.device.want_session(a.peer(b), clock.moment(), a.outbox);
    deliver(a, b);
    EXPECT_EQ(a.peer_snapshot().last_handshake, WallTime{});
    deliver(b, a);
    EXPECT_EQ(a.peer_snapshot().last_handshake, clock.wall);
    EXPECT_EQ(b.peer_snapshot().last_handshake, WallTime{});
    deliver(a, b);
    EXPECT_EQ(b.peer_snapshot().last_handshake, clock.wall);
}

// --- what is refused ---

TEST_F(DeviceHandshakeTest, C17_InitiationsCountThoughTheWallClockGoesBack) {
    connect();
    b.receive(initiate(a, b), a.address);
    static_cast<void>(b.take());
    clock.wall.seconds -= 86'400;
    const auto retry = take_for(a, 6s);
    ASSERT_EQ(retry.size(), 1u);
    EXPECT_EQ(b.receive(retry[0], a.address), std::nullopt);
}

TEST_F(DeviceHandshakeTest, C19_WhatIsRefusedDoesNotDisturbTheHandshakeUnderWay) {
    connect();
    b.apply(Side::peer_change(a, true));
    const Datagram replayed = initiate(b, a);
    a.receive(replayed, b.address);
    static_cast<void>(a.take());

    clock.advance(limits::rekey_timeout);
    const Datagram ours = initiate(a, b);
    EXPECT_EQ(a.receive(replayed, b.address), Drop::replayed_initiation);
    const Datagram response = answer(b, ours, a);
    Datagram forged = response;
    forged.bytes[ResponseView::ephemeral_at] ^= 1;
    EXPECT_EQ(a.receive(forged, b.address), Drop::bad_mac1);
    EXPECT_EQ(a.receive(response, b.address), std::nullopt);
    EXPECT_NE(a.peer(b).sending_session(clock.now), nullptr);
}

TEST_F(DeviceHandshakeTest, AResponseToAnAbandonedInitiationIsRefused) {
    connect();
    b.apply(Side::peer_change(a, true));
    const Datagram response = answer(b, initiate(a, b), a);
    clock.advance(limits::rekey_timeout);
    a.receive(initiate(b, a), b.address);
    EXPECT_EQ(a.receive(response, b.address), Drop::unknown_index);
}

TEST_F(DeviceHandshakeTest, AResponseThatIsLateIsStillGood) {
    connect();
    static_cast<void>(initiate(a, b));
    const auto retries = take_for(a, 120s);
    ASSERT_FALSE(a.peer(b).sending_session(clock.now));
    EXPECT_EQ(a.receive(answer(b, retries.back(), a), b.address), std::nullopt);
    EXPECT_NE(a.peer(b).sending_session(clock.now), nullptr);
}

// --- load ---

TEST_F(DeviceHandshakeTest, C21_ACookieMovesNoEndpointAndIsNoSignOfLife) {
    establish();
    clock.advance(limits::rekey_timeout);
    a.send(b, "unanswered");
    static_cast<void>(a.take());
    a.device.want_session(a.peer(b), clock.moment(), a.outbox);
    const Datagram cookie = answer(b, a.take().at(0), a, heavy);
    const auto received = a.peer_snapshot().received_bytes;
    const TimePoint deadline = a.device.next_deadline();
    EXPECT_EQ(a.receive(cookie, *Endpoint::parse("198.51.100.1:1")), std::nullopt);
    EXPECT_EQ(a.peer_snapshot().endpoint, b.address);
    EXPECT_EQ(a.peer_snapshot().received_bytes, received);
    EXPECT_EQ(a.device.next_deadline(), deadline);
}

TEST_F(DeviceHandshakeTest, C20_ResponsesNeedACookieToo) {
    connect();
    const Datagram initiation = initiate(a, b);
    const Datagram response = answer(b, initiation, a);
    EXPECT_EQ(a.receive(response, b.address, heavy), Drop::cookie_demanded);
    const auto cookie = a.take();
    ASSERT_EQ(cookie.size(), 1u);
    EXPECT_EQ(b.receive(cookie[0], a.address), std::nullopt);
    clock.advance(limits::rekey_timeout - 1s);
    const auto retry = take_for(a, 2s);
    ASSERT_EQ(retry.size(), 1u);
    EXPECT_EQ(a.receive(answer(b, retry[0], a), b.address, heavy), std::nullopt);
}

// It came when mac1 was enough, and a flood came before its turn.
TEST_F(DeviceHandshakeTest, WhatWaitedWhenTheLoadBeganNeedsACookie) {
    connect();
    const Datagram initiation = initiate(a, b);
    const auto admit = [&](const Endpoint& from, std::size_t backlog) {
        return *b.device.admit(initiation.bytes, from, backlog, clock.moment(), b.outbox);
    };
    const auto consume = [&](Admission admission) {
        const auto done =
            b.device.consume(initiation.bytes, a.address, admission, clock.moment(), b.outbox);
        return done ? std::nullopt : std::optional(done.error());
    };
    ASSERT_EQ(admit(a.address, heavy - 1), Admission::by_mac1);
    EXPECT_EQ(b.receive(initiation, *Endpoint::parse("198.51.100.1:1"), heavy),
              Drop::cookie_demanded);
    EXPECT_EQ(b.take().size(), 1u);
    EXPECT_EQ(consume(Admission::by_mac1), Drop::cookie_demanded);
    const auto cookie = b.take();
    ASSERT_EQ(cookie.size(), 1u);
    EXPECT_EQ(cookie[0].to, a.address);
    EXPECT_EQ(cookie[0].type(), MessageType::cookie_reply);
    clock.advance(limits::under_load_linger);
    EXPECT_EQ(consume(Admission::by_mac1), std::nullopt) << "and none when it is over";
}

// The interface went down in between.
TEST_F(DeviceHandshakeTest, WhatWaitsIsRefusedLikeWhatComes) {
    connect();
    const Datagram initiation = initiate(a, b);
    DropCounters drops;
    b.device.link_down(drops);
    const auto done = b.device.consume(initiation.bytes, a.address, Admission::by_cookie,
                                       clock.moment(), b.outbox);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error(), Drop::link_down);
    EXPECT_TRUE(b.take().empty());
}

// --- how often, and what if there is no room ---

TEST_F(DeviceHandshakeTest, C24_AHandshakeGivenUpForTheOthersIsTriedAgain) {
    connect();
    b.apply(Side::peer_change(a, true));
    const Datagram initiation = initiate(b, a);
    clock.advance(4900ms);
    static_cast<void>(answer(b, initiate(a, b), a));
    const auto after = take_for(b, 6s);
    EXPECT_EQ(count_of(MessageType::initiation, after), 1u);
}

TEST_F(DeviceHandshakeTest, AnInitiationThatFoundNoRoomIsRepeated) {
    connect();
    a.use_up_outbox();
    a.send(b, "hello");
    a.outbox.trains().clear();
    EXPECT_EQ(count_of(MessageType::initiation, take_for(a, 6s)), 1u);
}

TEST_F(DeviceHandshakeTest, AResponseThatFoundNoRoomIsWonBackByTheNextInitiation) {
    connect();
    const Datagram initiation = initiate(a, b);
    b.use_up_outbox();
    EXPECT_EQ(b.receive(initiation, a.address), std::nullopt);
    b.outbox.trains().clear();
    run_for(6s);
    EXPECT_EQ(b.received, std::vector<std::string>{"hello"});
}

TEST_F(DeviceHandshakeTest, AConfirmationThatFoundNoRoomIsWonBackByTheNextPacket) {
    connect();
    a.device.want_session(a.peer(b), clock.moment(), a.outbox);
    const Datagram response = answer(b, a.take().at(0), a);
    a.use_up_outbox();
    EXPECT_EQ(a.receive(response, b.address), std::nullopt);
    a.outbox.trains().clear();
    a.send(b, "hello");
    settle();
    EXPECT_EQ(b.received, std::vector<std::string>{"hello"});
    EXPECT_NE(b.peer(a).sending_session(clock.now), nullptr);
}

TEST_F(DeviceHandshakeTest, ACookieThatFoundNoRoomIsNotSent) {
    connect();
    const Datagram message = initiate(a, b);
    b.use_up_outbox();
    EXPECT_EQ(b.receive(message, a.address, heavy), Drop::cookie_demanded);
}

}  // namespace
}  // namespace wgns
