// C14 to C24: who gets no answer, and what a flood of handshakes costs.
#include "crypto/x25519.h"
#include "fixture.h"
#include "paper.h"
#include "protocol/cookie.h"
#include "tests/sim/two_hosts.h"

namespace wgns::conformance {
namespace {

struct Silence : Conversation {
    static constexpr RateLimiter::Rate twenty_a_second{50ms, limits::limiter_burst};
    Endpoint elsewhere = *Endpoint::parse("198.51.100.9:9");

    // Of the host of `a`.
    [[nodiscard]] Endpoint other_port() const {
        Endpoint other = a.address;
        ++other.port;
        return other;
    }
    // Two initiations of `a`, 5 s apart and neither of them delivered.
    std::pair<Datagram, Datagram> two_initiations() {
        Datagram first = initiate(a, b);
        clock.advance(limits::rekey_timeout - 100ms);
        return {std::move(first), only(take_for(a, 600ms), MessageType::initiation)};
    }
    // With a first mac that `receiver` takes.
    static Datagram stamped(Datagram message, const PublicKey& receiver) {
        const Mac mac1 = PaperInitiator::mac1(message.bytes, receiver);
        copy_bytes(MutableBytes(message.bytes).last(2 * mac_size), mac1);
        return message;
    }
};

TEST_F(Silence, C14_NothingWrongIsEverAnswered) {
    meet();
    talk();
    const Datagram replayed = data(a, b, "hello");
    b.receive(replayed, a.address);
    Datagram forged = data(a, b, "hello"), lost = data(a, b, "hello");
    forged.bytes.back() ^= 1;
    lost.bytes[5] ^= 0x55;
    clock.advance(limits::rekey_after_time + 1s);
    a.send(b, "rekey");
    const auto sent = a.take();
    ASSERT_EQ(sent.size(), 2u);
    Datagram bad_mac = sent[1], bad_static = sent[1], bad_stamp = sent[1];
    bad_mac.bytes[116] ^= 1;
    bad_static.bytes[50] ^= 1;
    bad_stamp.bytes[100] ^= 1;
    const Datagram& initiation = sent[1];
    b.receive(initiation, a.address);
    ASSERT_EQ(b.take().size(), 1u);
    clock.advance(1s);
    PaperInitiator stranger(generate_private_key(a.entropy), b.key);
    const auto unknown = stranger.initiation(1, Tai64n::at(clock.wall), 1);
    const std::pair<Datagram, Drop> rows[] = {
        {replayed, Drop::replayed_packet},
        {forged, Drop::bad_tag},
        {lost, Drop::unknown_index},
        {bad_mac, Drop::bad_mac1},
        {stamped(bad_static, b.key), Drop::bad_tag},
        {stamped(bad_stamp, b.key), Drop::bad_tag},
        {initiation, Drop::replayed_initiation},
        {{b.address, 0, {unknown.begin(), unknown.end()}}, Drop::unknown_peer},
    };
    for (const auto& [datagram, reason] : rows) {
        EXPECT_EQ(b.receive(datagram, elsewhere), reason);
        EXPECT_TRUE(b.take().empty()) << drop_name(reason);
    }
    EXPECT_EQ(b.peer_snapshot().endpoint, a.address);
}

TEST_F(Silence, C14_AForgedResponseIsNotAnswered) {
    connect();
    Datagram response = answer(b, initiate(a, b), a);
    response.bytes[50] ^= 1;
    EXPECT_EQ(a.receive(stamped(response, a.key), elsewhere), Drop::bad_tag);
    response.bytes[9] ^= 0x55;
    EXPECT_EQ(a.receive(stamped(response, a.key), elsewhere), Drop::unknown_index);
    EXPECT_TRUE(a.take().empty());
}

TEST_F(Silence, C15_AWrongMacCostsNothingMore) {
    connect();
    Datagram message = initiate(a, b);
    message.bytes[InitiationView::mac1_at] ^= 1;
    const std::size_t before = b.entropy.fills;
    for (const std::size_t backlog : {std::size_t{1}, heavy, limits::handshake_backlog_max})
        EXPECT_EQ(b.receive(message, a.address, backlog), Drop::bad_mac1);
    EXPECT_TRUE(b.take().empty());
    // No cookie secret, nonce or ephemeral key was made.
    EXPECT_EQ(b.entropy.fills, before);
}

TEST_F(Silence, C16_WithoutAPrivateKeyHandshakesAreIgnored) {
    meet();
    const Datagram initiation = initiate(a, b);
    b.set_private_key(PrivateKey{});
    EXPECT_EQ(b.receive(initiation, a.address), Drop::no_private_key);
    EXPECT_EQ(b.receive(initiation, a.address, heavy), Drop::no_private_key);
    b.send(a, "hello");
    EXPECT_TRUE(take_for(b, 30s).empty());
}

TEST_F(Silence, C17_AnEqualTimestampIsAReplay) {
    connect();
    const Datagram initiation = initiate(a, b);
    static_cast<void>(answer(b, initiation, a));
    clock.advance(1s);
    EXPECT_EQ(b.receive(initiation, a.address), Drop::replayed_initiation);
    EXPECT_TRUE(b.take().empty());
}

TEST_F(Silence, C17_AnOlderTimestampIsAReplay) {
    connect();
    const auto [older, newer] = two_initiations();
    static_cast<void>(answer(b, newer, a));
    clock.advance(1s);
    EXPECT_EQ(b.receive(older, a.address), Drop::replayed_initiation);
    EXPECT_TRUE(b.take().empty());
}

TEST_F(Silence, C18_WithinTwentyMillisecondsASecondInitiationIsDropped) {
    connect();
    const auto [first, second] = two_initiations();
    static_cast<void>(answer(b, first, a));
    clock.advance(20ms - Duration(1));
    EXPECT_EQ(b.receive(second, a.address), Drop::initiation_flood);
    clock.advance(Duration(1));
    EXPECT_EQ(b.receive(second, a.address), std::nullopt);
}

TEST_F(Silence, C19_AForgedInitiationDisturbsNoHandshake) {
    meet();
    const Datagram theirs = initiate(b, a);
    const Datagram ours = initiate(a, b);
    for (const std::size_t at : {10u, 50u, 100u}) {
        Datagram forged = theirs;
        forged.bytes[at] ^= 1;
        EXPECT_NE(a.receive(stamped(forged, a.key), elsewhere), std::nullopt);
    }
    EXPECT_EQ(a.receive(answer(b, ours, a), b.address), std::nullopt);
}

TEST_F(Silence, C19_AForgedResponseDisturbsNoHandshake) {
    connect();
    const Datagram good = answer(b, initiate(a, b), a);
    for (const std::size_t at : {12u, 44u}) {
        Datagram forged = good;
        forged.bytes[at] ^= 1;
        EXPECT_NE(a.receive(stamped(forged, a.key), elsewhere), std::nullopt);
    }
    EXPECT_EQ(a.receive(good, b.address), std::nullopt);
}

TEST_F(Silence, C19_AnInitiationDisturbsNoSession) {
    meet();
    talk();
    const Session* const before = b.peer(a).keypairs.current();
    clock.advance(limits::rekey_after_time + 1s);
    a.send(b, "rekey");
    deliver(a, b);
    EXPECT_EQ(b.peer(a).keypairs.current(), before);
    b.send(a, "still");
    deliver(b, a);
    EXPECT_EQ(a.received.back(), "still");
}

TEST_F(Silence, C20_UnderLoadAMacAloneGetsACookieAndNoMore) {
    connect();
    const Datagram initiation = initiate(a, b);
    const Datagram reply = answer(b, initiation, a, heavy);
    EXPECT_EQ(reply.type(), MessageType::cookie_reply);
    EXPECT_EQ(reply.to, a.address);
    EXPECT_EQ(b.peer(a).keypairs.next(), nullptr);
    EXPECT_EQ(b.peer_snapshot().received_bytes, 0u);
}

TEST_F(Silence, C20_WithACookieAHandshakeGoesThrough) {
    connect();
    a.receive(answer(b, initiate(a, b), a, heavy), b.address);
    const auto retry = only(take_for(a, 6s), MessageType::initiation);
    EXPECT_EQ(answer(b, retry, a, heavy).type(), MessageType::response);
}

TEST_F(Silence, C20_ResponsesToo) {
    connect();
    const Datagram response = answer(b, initiate(a, b), a);
    EXPECT_EQ(answer(a, response, b, heavy).type(), MessageType::cookie_reply);
    EXPECT_EQ(a.peer(b).keypairs.current(), nullptr);
}

TEST_F(Silence, C20_ASourceHasFiveAtOnceAndTwentyASecond) {
    connect();
    a.receive(answer(b, initiate(a, b), a, heavy), b.address);
    const Datagram retry = only(take_for(a, 6s), MessageType::initiation);
    // A replay is refused later, and has used a token all the same.
    const auto passed = [&](int count) {
        int through = 0;
        for (int i = 0; i < count; ++i)
            through += b.receive(retry, a.address, heavy) != Drop::rate_limited;
        return through;
    };
    EXPECT_EQ(passed(100), 5);
    int in_a_second = 0;
    for (int tick = 0; tick < 100; ++tick) {
        clock.advance(10ms);
        in_a_second += passed(1);
    }
    EXPECT_EQ(in_a_second, 20);
}

TEST_F(Silence, C20_LoadIsTheBacklogAndStaysForASecond) {
    connect();
    const auto is_asked_for_a_cookie = [&](std::size_t backlog) {
        const auto [first, second] = two_initiations();
        const auto drop = b.receive(second, a.address, backlog);
        static_cast<void>(b.take());
        a.peer(b).timers.handshake_over();
        clock.advance(limits::rekey_timeout);
        return drop == Drop::cookie_demanded;
    };
    EXPECT_FALSE(is_asked_for_a_cookie(heavy - 1));
    EXPECT_TRUE(is_asked_for_a_cookie(heavy));
    EXPECT_FALSE(is_asked_for_a_cookie(1)) << "after more than a second";
    const auto [first, second] = two_initiations();
    EXPECT_EQ(b.receive(first, a.address, heavy), Drop::cookie_demanded);
    clock.advance(1s - Duration(1));
    EXPECT_EQ(b.receive(second, other_port()), Drop::cookie_demanded);
}

TEST_F(Silence, C20_APortIsSentOneCookieInFourSeconds) {
    connect();
    const Datagram initiation = initiate(a, b);
    EXPECT_EQ(b.receive(initiation, a.address, heavy), Drop::cookie_demanded);
    EXPECT_EQ(b.take().size(), 1u);
    EXPECT_EQ(b.receive(initiation, a.address, heavy), Drop::rate_limited);
    EXPECT_TRUE(b.take().empty());
    EXPECT_EQ(b.receive(initiation, other_port(), heavy), Drop::cookie_demanded);
    EXPECT_EQ(b.take().size(), 1u) << "another's asking keeps nobody from one";
    clock.advance(4s - Duration(1));
    EXPECT_EQ(b.receive(initiation, a.address, heavy), Drop::rate_limited);
    clock.advance(Duration(1));
    EXPECT_EQ(b.receive(initiation, a.address, heavy), Drop::cookie_demanded);
}

TEST_F(Silence, C21_ACookieIsKeptAndNothingElseHappens) {
    connect();
    const Datagram reply = answer(b, initiate(a, b), a, heavy);
    const TimePoint deadline = a.device.next_deadline();
    EXPECT_EQ(a.receive(reply, elsewhere), std::nullopt);
    EXPECT_TRUE(a.take().empty()) << "sent again at once";
    EXPECT_EQ(a.peer_snapshot().endpoint, b.address);
    EXPECT_EQ(a.peer_snapshot().received_bytes, 0u);
    EXPECT_EQ(a.device.next_deadline(), deadline);
}

TEST_F(Silence, C21_ACookieCountsOnceForEachMac1) {
    connect();
    const Datagram initiation = initiate(a, b);
    const Datagram reply = answer(b, initiation, a, heavy);
    Datagram forged = reply;
    forged.bytes.back() ^= 1;
    EXPECT_EQ(a.receive(forged, b.address), Drop::unexpected_cookie);
    EXPECT_EQ(a.receive(reply, b.address), std::nullopt);
    EXPECT_EQ(a.receive(reply, b.address), Drop::unexpected_cookie);
    clock.advance(limits::cookie_interval_min);
    EXPECT_EQ(a.receive(answer(b, initiation, a, heavy), b.address), Drop::unexpected_cookie);
}

TEST_F(Silence, C21_ACookieForAnotherMac1IsRefused) {
    connect();
    const auto [first, second] = two_initiations();
    Datagram reply = answer(b, first, a, heavy);
    EXPECT_EQ(a.receive(reply, b.address), Drop::unknown_index);
    store_le(MutableBytes(reply.bytes).subspan(4), sender_of(second.bytes));
    EXPECT_EQ(a.receive(reply, b.address), Drop::unexpected_cookie);
}

TEST_F(Silence, C22_TheLimiterIsBoundedAndDeniesWhatItCannotRemember) {
    RateLimiter limiter(b.entropy, twenty_a_second, RateLimiter::Source::host);
    const auto source = [](std::uint32_t number) {
        std::array<std::uint8_t, 4> raw;
        store_be(raw, number);
        Endpoint host;
        host.address = IpAddress::v4(raw);
        return host;
    };
    std::size_t allowed = 0;
    constexpr std::uint32_t count = 4 * limits::limiter_entries_max;
    for (std::uint32_t number = 0; number < count; ++number)
        allowed += limiter.allow(source(number), clock.now);
    EXPECT_LE(allowed, limits::limiter_entries_max);
    EXPECT_GE(allowed, limits::limiter_entries_max / 2);
    clock.advance(1s);
    EXPECT_TRUE(limiter.allow(source(count - 1), clock.now)) << "what is idle is forgotten";
}

TEST_F(Silence, C22_AnIpv6SourceIsItsSlash64) {
    RateLimiter limiter(b.entropy, twenty_a_second, RateLimiter::Source::host);
    Endpoint source;
    int allowed = 0;
    for (std::uint8_t host = 0; host < 100; ++host) {
        std::array<std::uint8_t, 16> raw{0x20, 1, 0xd, 0xb8};
        raw[15] = host;
        source.address = IpAddress::v6(raw);
        allowed += limiter.allow(source, clock.now);
    }
    EXPECT_EQ(allowed, 5);
    EXPECT_TRUE(limiter.allow(*Endpoint::parse("[2001:db8:0:1::]:1"), clock.now));
}

// Whole workers: the queue is theirs.
struct Flood : sim::TwoHosts {
    struct Stranger {
        Endpoint at;
        MacStamper stamper;
    };
    std::vector<Stranger> strangers;

    void SetUp() override {
        establish();
        // With five initiations of each the queue is more than full, though some are handled.
        for (std::uint16_t i = 0; i < 2 * limits::handshake_backlog_max / limits::limiter_burst;
             ++i) {
            std::array<std::uint8_t, 4> raw{198, 51};
            store_be(MutableBytes(raw).subspan(2), i);
            Endpoint at;
            at.address = IpAddress::v4(raw);
            at.port = 7;
            strangers.push_back({at, MacStamper(b.public_key())});
        }
    }
    // Initiations of `count` strangers, which nobody can read.
    void flood(std::size_t count, std::size_t first = 0) {
        for (std::size_t i = first; i < std::min(first + count, strangers.size()); ++i) {
            std::vector<std::uint8_t> message(initiation_size);
            message[0] = 1;
            strangers[i].stamper.stamp(message, clock.now());
            b.ports.to_receive.push_back({strangers[i].at, b.ports.address, std::move(message)});
        }
    }
    void receive_all() {
        while (!b.ports.to_receive.empty())
            b.turn();
    }
    // Each stranger asks, and gets a cookie for it.
    void give_cookies() {
        flood(strangers.size());
        receive_all();
        for (std::size_t i = 0; i < strangers.size(); i += limits::cookies_per_turn_max) {
            flood(limits::cookies_per_turn_max, i);
            b.turn();
        }
        std::size_t taken = 0;
        for (const sim::Datagram& datagram : b.ports.sent)
            for (Stranger& each : strangers)
                if (const auto reply = CookieReplyView::parse(datagram.bytes);
                    reply && datagram.to.same_remote(each.at))
                    taken += each.stamper.consume(*reply, clock.now());
        EXPECT_EQ(taken, strangers.size());
    }
    [[nodiscard]] std::uint64_t judged() {
        return b.drops(Drop::bad_tag) + b.drops(Drop::bad_point) + b.drops(Drop::cookie_demanded) +
               b.drops(Drop::rate_limited);
    }
};

TEST_F(Flood, C23_TheQueueOfHandshakesIsBoundedAndDropsTheNewest) {
    give_cookies();
    const std::uint64_t before = judged();
    for (unsigned i = 0; i < limits::limiter_burst; ++i)
        flood(strangers.size());
    const std::size_t sent = b.ports.to_receive.size();
    receive_all();
    const std::uint64_t refused = b.drops(Drop::handshake_backlog_full);
    EXPECT_GT(refused, 0u);
    EXPECT_LE(sent - refused - (judged() - before), limits::handshake_backlog_max);
}

// What has nothing but a genuine mac1 is looked at and has a cookie; it fills no queue.
TEST_F(Flood, C23_WithoutACookieNobodyTakesAnothersPlace) {
    for (std::size_t i = 0; i < 4 * limits::handshake_backlog_max; i += strangers.size())
        flood(strangers.size());
    receive_all();
    EXPECT_EQ(b.drops(Drop::handshake_backlog_full), 0u);
    EXPECT_LT(b.snapshot().queues.handshake_messages, limits::under_load_backlog);
}

TEST_F(Flood, C23_DataDoesNotWaitBehindHandshakes) {
    flood(50);
    a.send(a.packet_to(b, 100));
    a.turn();
    ASSERT_EQ(a.ports.sent.size(), 1u);
    b.ports.to_receive.push_back(a.ports.sent[0]);
    const std::size_t before = b.ports.written.size();
    b.turn();
    EXPECT_EQ(b.ports.written.size(), before + 1);
}

TEST_F(Silence, C24_OneInitiationInFiveSecondsWhateverTheCause) {
    meet();
    set_keepalive(a, b, 1);
    std::vector<TimePoint> sent;
    for (int tenths = 0; tenths < 600; ++tenths) {
        clock.advance(100ms);
        a.send(b, "hello");
        a.apply(Side::peer_change(b, true));
        a.expire();
        if (has_initiation(a.take())) sent.push_back(clock.now);
    }
    ASSERT_GE(sent.size(), 10u);
    for (std::size_t i = 1; i < sent.size(); ++i)
        EXPECT_GE(sent[i] - sent[i - 1], limits::rekey_timeout);
}

TEST_F(Silence, C24_NoInitiationInTheFiveSecondsAfterAResponse) {
    meet();
    static_cast<void>(answer(b, initiate(a, b), a));
    b.send(a, "hello");
    EXPECT_FALSE(has_initiation(take_for(b, 4900ms)));
    EXPECT_TRUE(has_initiation(take_for(b, 500ms))) << "and then without another packet";
}

}  // namespace
}  // namespace wgns::conformance
