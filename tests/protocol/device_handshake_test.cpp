// The device's part in handshakes (protocol/device_handshake.cpp).
#include <gtest/gtest.h>

#include <algorithm>

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
    // An initiation that `b` can do nothing with but compute its first mac.
    Datagram stranger_with_mac() {
        Side stranger{7, clock};
        stranger.apply(Side::peer_change(b, true));
        return initiate(stranger, b);
    }
    static std::uint32_t sender(const Datagram& message) { return sender_of(message.bytes); }
    static constexpr std::size_t heavy = limits::under_load_backlog;
};

// --- what is exchanged ---

TEST_F(DeviceHandshakeTest, C27_TheInitiatorConfirmsAtOnceWithDataOrElseAKeepalive) {
    connect();
    a.device.want_session(a.peer(b), clock.moment(), a.outbox);
    deliver(a, b);
    deliver(b, a);
    const auto confirmation = deliver(a, b);
    ASSERT_EQ(confirmation.size(), 1u);
    EXPECT_TRUE(confirmation[0].is_keepalive());
    EXPECT_NE(b.peer(a).sending_session(clock.now), nullptr);

    clock.advance(limits::reject_after_time);
    a.send(b, "data");
    deliver(a, b);
    deliver(b, a);
    const auto data = deliver(a, b);
    ASSERT_EQ(data.size(), 1u);
    EXPECT_FALSE(data[0].is_keepalive());
}

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

TEST_F(DeviceHandshakeTest, C10_EveryHandshakeHasIndicesOfItsOwn) {
    connect();
    static_cast<void>(initiate(a, b));
    std::vector<std::uint32_t> seen;
    for (const Datagram& retry : take_for(a, 25s)) {
        seen.insert(seen.end(), {sender(retry), sender(answer(b, retry, a))});
        clock.advance(limits::initiation_interval_min);
    }
    ASSERT_GE(seen.size(), 8u);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST_F(DeviceHandshakeTest, C50_HandshakesAreMarkedAsTheKernelMarksThem) {
    connect();
    const Datagram initiation = initiate(a, b);
    EXPECT_EQ(initiation.tos, 0x88);
    EXPECT_EQ(answer(b, initiation, a).tos, 0x88);
}

TEST_F(DeviceHandshakeTest, C25_AResponderDropsItsPreviousSession) {
    establish();
    clock.advance(130s);
    a.send(b, "rekey");
    settle();
    ASSERT_NE(b.peer(a).keypairs.previous(), nullptr);
    clock.advance(130s);
    a.send(b, "rekey");
    deliver(a, b);
    EXPECT_EQ(b.peer(a).keypairs.previous(), nullptr);
    EXPECT_NE(b.peer(a).keypairs.next(), nullptr);
}

TEST_F(DeviceHandshakeTest, C46_InitiationAndResponseMoveTheEndpoint) {
    connect();
    Endpoint from = *Endpoint::parse("[2001:db8::5]:5");
    from.local = *IpAddress::parse("2001:db8::6");
    from.local_interface = 4;
    b.receive(initiate(a, b), from);
    EXPECT_EQ(b.peer_snapshot().endpoint, from);
    const auto response = b.take();
    ASSERT_EQ(response.size(), 1u);
    EXPECT_EQ(response[0].to, from);
    a.receive(response[0], from);
    EXPECT_EQ(a.peer_snapshot().endpoint, from);
}

TEST_F(DeviceHandshakeTest, C29_HandshakesThatCrossConverge) {
    connect();
    b.apply(Side::peer_change(a, true));
    a.send(b, "from a");
    b.send(a, "from b");
    const auto from_a = a.take(), from_b = b.take();
    a.receive(from_b.at(0), b.address);
    b.receive(from_a.at(0), a.address);
    run_for(20s);
    EXPECT_EQ(a.received, std::vector<std::string>{"from b"});
    EXPECT_EQ(b.received, std::vector<std::string>{"from a"});
}

// --- what is refused ---

TEST_F(DeviceHandshakeTest, C14_AStrangerIsNotAnswered) {
    connect();
    EXPECT_EQ(b.receive(stranger_with_mac(), a.address), Drop::unknown_peer);
    EXPECT_TRUE(b.take().empty());
}

TEST_F(DeviceHandshakeTest, C15_AWrongMacIsNotAnsweredUnderLoadEither) {
    connect();
    Datagram message = initiate(a, b);
    message.bytes[InitiationView::mac1_at] ^= 1;
    EXPECT_EQ(b.receive(message, a.address), Drop::bad_mac1);
    EXPECT_EQ(b.receive(message, a.address, heavy), Drop::bad_mac1);
    EXPECT_TRUE(b.take().empty());
}

TEST_F(DeviceHandshakeTest, C17_AnInitiationCountsOnce) {
    connect();
    const Datagram message = initiate(a, b);
    static_cast<void>(answer(b, message, a));
    clock.advance(1s);
    EXPECT_EQ(b.receive(message, a.address), Drop::replayed_initiation);
    EXPECT_TRUE(b.take().empty());
}

TEST_F(DeviceHandshakeTest, C17_AnOlderInitiationIsRefused) {
    connect();
    const Datagram older = initiate(a, b);
    const auto newer = take_for(a, 6s);
    ASSERT_EQ(newer.size(), 1u);
    static_cast<void>(answer(b, newer[0], a));
    clock.advance(1s);
    EXPECT_EQ(b.receive(older, a.address), Drop::replayed_initiation);
}

TEST_F(DeviceHandshakeTest, C17_InitiationsCountThoughTheWallClockGoesBack) {
    connect();
    b.receive(initiate(a, b), a.address);
    static_cast<void>(b.take());
    clock.wall.seconds -= 86'400;
    const auto retry = take_for(a, 6s);
    ASSERT_EQ(retry.size(), 1u);
    EXPECT_EQ(b.receive(retry[0], a.address), std::nullopt);
}

TEST_F(DeviceHandshakeTest, C18_InitiationsTooCloseToEachOtherAreRefused) {
    connect();
    const Datagram first = initiate(a, b);
    const auto later = take_for(a, 11s);
    ASSERT_EQ(later.size(), 2u);
    EXPECT_EQ(b.receive(first, a.address), std::nullopt);
    clock.advance(limits::initiation_interval_min - Duration(1));
    EXPECT_EQ(b.receive(later[0], a.address), Drop::initiation_flood);
    clock.advance(Duration(1));
    EXPECT_EQ(b.receive(later[1], a.address), std::nullopt);
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

TEST_F(DeviceHandshakeTest, C19_AnInitiationAloneDoesNotDisturbTheSession) {
    establish();
    const Session* const session = b.peer(a).keypairs.current();
    clock.advance(limits::rekey_timeout);
    a.device.want_session(a.peer(b), clock.moment(), a.outbox);
    deliver(a, b);
    EXPECT_EQ(b.peer(a).sending_session(clock.now), session);
}

TEST_F(DeviceHandshakeTest, C30_AResponseCountsOnce) {
    connect();
    const Datagram response = answer(b, initiate(a, b), a);
    EXPECT_EQ(a.receive(response, b.address), std::nullopt);
    const Session* const session = a.peer(b).keypairs.current();
    EXPECT_EQ(a.receive(response, b.address), Drop::unexpected_response);
    EXPECT_EQ(a.peer(b).keypairs.current(), session);
}

TEST_F(DeviceHandshakeTest, C29_AResponseToASupersededInitiationIsRefused) {
    connect();
    const Datagram response = answer(b, initiate(a, b), a);
    ASSERT_EQ(count_of(MessageType::initiation, take_for(a, 6s)), 1u);
    EXPECT_EQ(a.receive(response, b.address), Drop::unknown_index);
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

TEST_F(DeviceHandshakeTest, C20_UnderLoadAMacAloneIsAnsweredWithACookie) {
    connect();
    const Datagram message = initiate(a, b);
    EXPECT_EQ(b.receive(message, a.address, heavy), Drop::cookie_demanded);
    const auto taken = b.take();
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken[0].type(), MessageType::cookie_reply);
    EXPECT_EQ(taken[0].to, a.address);
    EXPECT_EQ(b.peer_snapshot().received_bytes, 0u);
}

TEST_F(DeviceHandshakeTest, C20_LoadBeginsAtABacklogAndLastsASecond) {
    connect();
    const Datagram message = stranger_with_mac();
    EXPECT_EQ(b.receive(message, a.address, heavy - 1), Drop::unknown_peer);
    EXPECT_EQ(b.receive(message, a.address, heavy), Drop::cookie_demanded);
    clock.advance(limits::under_load_linger - Duration(1));
    EXPECT_EQ(b.receive(message, a.address), Drop::cookie_demanded);
    clock.advance(Duration(1));
    EXPECT_EQ(b.receive(message, a.address), Drop::unknown_peer);
}

TEST_F(DeviceHandshakeTest, C21_ACookieIsUsedByTheNextInitiationAndSendsNoneByItself) {
    connect();
    const Datagram cookie = answer(b, initiate(a, b), a, heavy);
    EXPECT_EQ(a.receive(cookie, b.address), std::nullopt);
    EXPECT_TRUE(a.take().empty());
    const auto retry = take_for(a, 6s);
    ASSERT_EQ(retry.size(), 1u);
    EXPECT_EQ(b.receive(retry[0], a.address, heavy), std::nullopt);
    EXPECT_EQ(count_of(MessageType::response, b.take()), 1u);
}

TEST_F(DeviceHandshakeTest, C21_ACookieFromAnotherAddressIsWorthNothing) {
    connect();
    a.receive(answer(b, initiate(a, b), a, heavy), b.address);
    const auto retry = take_for(a, 6s);
    Endpoint other_port = a.address;
    ++other_port.port;
    EXPECT_EQ(b.receive(retry.at(0), other_port, heavy), Drop::cookie_demanded);
}

TEST_F(DeviceHandshakeTest, C21_ACookieIsTakenOnceForEachInitiation) {
    connect();
    const Datagram message = initiate(a, b);
    const Datagram cookie = answer(b, message, a, heavy);
    const Datagram another = answer(b, message, a, heavy);
    EXPECT_EQ(a.receive(cookie, b.address), std::nullopt);
    EXPECT_EQ(a.receive(cookie, b.address), Drop::unexpected_cookie);
    EXPECT_EQ(a.receive(another, b.address), Drop::unexpected_cookie);
}

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

TEST_F(DeviceHandshakeTest, C21_ACookieForNothingIsRefused) {
    connect();
    Datagram cookie = answer(b, initiate(a, b), a, heavy);
    Datagram unknown = cookie;
    unknown.bytes[4] ^= 1;
    EXPECT_EQ(a.receive(unknown, b.address), Drop::unknown_index);
    cookie.bytes.back() ^= 1;
    EXPECT_EQ(a.receive(cookie, b.address), Drop::unexpected_cookie);
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

TEST_F(DeviceHandshakeTest, C20_UnderLoadASourceIsHeldToItsRate) {
    connect();
    a.receive(answer(b, initiate(a, b), a, heavy), b.address);
    const auto retries = take_for(a, 60s);
    std::size_t consumed = 0, limited = 0;
    for (const Datagram& retry : retries) {
        const auto drop = b.receive(retry, a.address, heavy);
        consumed += drop == std::nullopt;
        limited += drop == Drop::rate_limited;
    }
    EXPECT_EQ(limited, retries.size() - limits::limiter_burst);
}

// --- how often, and what if there is no room ---

TEST_F(DeviceHandshakeTest, C24_AtMostOneInitiationInFiveSeconds) {
    connect();
    std::vector<Duration> sent;
    for (int tenths = 0; tenths < 300; ++tenths) {
        a.send(b, "hello");
        a.expire();
        for (const Datagram& datagram : a.take())
            if (datagram.type() == MessageType::initiation) sent.push_back(clock.now.since_boot());
        clock.advance(100ms);
    }
    ASSERT_GE(sent.size(), 5u);
    for (std::size_t i = 1; i < sent.size(); ++i)
        EXPECT_GE(sent[i] - sent[i - 1], limits::rekey_timeout);
}

TEST_F(DeviceHandshakeTest, C24_NoInitiationForFiveSecondsAfterAResponse) {
    connect();
    static_cast<void>(answer(b, initiate(a, b), a));
    b.send(a, "hello");
    EXPECT_EQ(count_of(MessageType::initiation, take_for(b, 4900ms)), 0u);
}

TEST_F(DeviceHandshakeTest, C24_WhatWasStagedTooSoonStartsAHandshakeLater) {
    connect();
    static_cast<void>(answer(b, initiate(a, b), a));
    b.send(a, "hello");
    EXPECT_EQ(count_of(MessageType::initiation, take_for(b, 4900ms)), 0u);
    EXPECT_EQ(count_of(MessageType::initiation, take_for(b, 500ms)), 1u);
}

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
