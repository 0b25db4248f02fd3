// C25 to C33, C39 to C44: sessions, their keys and how they follow each other.
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "crypto/x25519.h"
#include "fixture.h"
#include "tests/sim/two_hosts.h"

namespace wgns::conformance {
namespace {

constexpr int cannot_tell = 77;

// The exit status of a process that does nothing else.
template <class Fn>
int status_of_child(Fn fn) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(fn());
    int status = 0;
    if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

struct Handshake : Conversation {
    static const Keypairs& keypairs(Side& side, const Side& other) {
        return side.peer(other).keypairs;
    }
    void set_psk(Side& side, const Side& other, const PresharedKey& psk) {
        PeerChange change = Side::peer_change(other, false);
        change.preshared_key = psk.duplicate();
        side.apply(std::move(change));
    }
};

TEST_F(Handshake, C25_TheInitiatorsNewSessionIsCurrentAtOnce) {
    establish();
    const Session* const before = keypairs(a, b).current();
    clock.advance(limits::rekey_after_time + 1s);
    a.send(b, "rekey");
    deliver(a, b);
    EXPECT_EQ(keypairs(a, b).current(), before);
    deliver(b, a);
    EXPECT_NE(keypairs(a, b).current(), before);
    EXPECT_EQ(keypairs(a, b).previous(), before);
    EXPECT_EQ(keypairs(a, b).next(), nullptr);
}

TEST_F(Handshake, C25_AnUnconfirmedSessionOfTheInitiatorIsItsPrevious) {
    meet();
    talk();
    // `a` answers `b`, which never confirms.
    clock.advance(limits::reject_after_time);
    static_cast<void>(answer(a, initiate(b, a), b));
    const Session* const unconfirmed = keypairs(a, b).next();
    ASSERT_NE(unconfirmed, nullptr);
    clock.advance(limits::rekey_timeout);
    a.device.want_session(a.peer(b), clock.moment(), a.outbox);
    deliver(a, b);
    deliver(b, a);
    EXPECT_EQ(keypairs(a, b).previous(), unconfirmed);
    EXPECT_EQ(keypairs(a, b).next(), nullptr);
}

TEST_F(Handshake, C25_TheRespondersNewSessionIsNextAndItsPreviousIsDropped) {
    establish();
    rekey();
    ASSERT_NE(keypairs(b, a).previous(), nullptr);
    const Session* const current = keypairs(b, a).current();
    clock.advance(limits::rekey_after_time + 1s);
    a.send(b, "rekey");
    deliver(a, b);
    EXPECT_NE(keypairs(b, a).next(), nullptr);
    EXPECT_EQ(keypairs(b, a).current(), current);
    EXPECT_EQ(keypairs(b, a).previous(), nullptr);
}

TEST_F(Handshake, C26_TheResponderSendsNothingUnderNextUntilItIsConfirmed) {
    connect();
    deliver(b, a);
    a.send(b, "hello");
    deliver(a, b);
    deliver(b, a);
    for (const char* const packet : {"one", "two"})
        b.send(a, packet);
    EXPECT_TRUE(b.take().empty());
    EXPECT_EQ(b.peer_snapshot().last_handshake, WallTime{});
    EXPECT_EQ(a.peer_snapshot().last_handshake, clock.wall);
    deliver(a, b);
    EXPECT_EQ(b.peer_snapshot().last_handshake, clock.wall);
    deliver(b, a);
    EXPECT_EQ(a.received, (std::vector<std::string>{"one", "two"}));
}

TEST_F(Handshake, C27_TheInitiatorConfirmsAtOnceWithAKeepalive) {
    connect();
    a.device.want_session(a.peer(b), clock.moment(), a.outbox);
    deliver(a, b);
    deliver(b, a);
    const auto confirmation = deliver(a, b);
    ASSERT_EQ(confirmation.size(), 1u);
    EXPECT_TRUE(confirmation[0].is_keepalive());
    EXPECT_EQ(keypairs(b, a).next(), nullptr);
}

TEST_F(Handshake, C27_StagedDataConfirmsInItsPlace) {
    connect();
    a.send(b, "hello");
    deliver(a, b);
    deliver(b, a);
    const auto confirmation = deliver(a, b);
    ASSERT_EQ(confirmation.size(), 1u);
    EXPECT_FALSE(confirmation[0].is_keepalive());
    EXPECT_EQ(b.received, std::vector<std::string>{"hello"});
}

TEST_F(Handshake, C28_PacketsUnderThePreviousSessionStillArrive) {
    establish();
    const Datagram late_a = data(a, b, "late"), late_b = data(b, a, "late");
    rekey();
    EXPECT_EQ(b.receive(late_a, a.address), std::nullopt);
    EXPECT_EQ(a.receive(late_b, b.address), std::nullopt);
    EXPECT_EQ(b.received.back(), "late");
    EXPECT_EQ(a.received.back(), "late");
}

TEST_F(Handshake, C29_InitiationsThatCrossConverge) {
    for (int round = 0; round < 5; ++round) {
        meet();
        a.send(b, "from a");
        b.send(a, "from b");
        const auto from_a = a.take(), from_b = b.take();
        for (const Datagram& each : from_b)
            a.receive(each, b.address);
        for (const Datagram& each : from_a)
            b.receive(each, a.address);
        // Chance alone keeps the next ones from crossing, a third of a second in steps of a tenth.
        run_for(32s);
        EXPECT_EQ(a.received.size(), 1u + static_cast<std::size_t>(round)) << round;
        EXPECT_EQ(b.received.size(), 1u + static_cast<std::size_t>(round)) << round;
        run_for(limits::reject_after_time);
    }
}

TEST_F(Handshake, C29_AResponseToASupersededInitiationIsRefusedAndTheSessionLives) {
    meet();
    talk();
    clock.advance(limits::rekey_after_time + 1s);
    a.send(b, "one");
    const auto first = a.take();
    ASSERT_EQ(count_of(MessageType::initiation, first), 1u);
    const Datagram late = answer(b, first[1], a);
    ASSERT_TRUE(has_initiation(take_for(a, 6s)));
    EXPECT_EQ(a.receive(late, b.address), Drop::unknown_index);
    EXPECT_EQ(b.receive(data(a, b, "two"), a.address), std::nullopt);
}

TEST_F(Handshake, C30_ASecondResponseIsRefused) {
    connect();
    const Datagram response = answer(b, initiate(a, b), a);
    EXPECT_EQ(a.receive(response, b.address), std::nullopt);
    static_cast<void>(a.take());
    const Session* const session = keypairs(a, b).current();
    EXPECT_EQ(a.receive(response, b.address), Drop::unexpected_response);
    EXPECT_EQ(keypairs(a, b).current(), session);
    EXPECT_TRUE(a.take().empty());
}

// Whether our clock goes with CLOCK_BOOTTIME where that is 5000 s ahead of all others: 0. An exit
// status, for only the children of whoever makes a time namespace live in it.
int status_in_another_boot_time() {
    if (::unshare(CLONE_NEWTIME) != 0) return cannot_tell;
    const UniqueFd offsets(::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC));
    constexpr std::string_view ahead = "boottime 5000 0\n";
    if (::write(offsets.get(), ahead.data(), ahead.size()) < 0) return cannot_tell;
    return status_of_child([] {
        timespec other{};
        ::clock_gettime(CLOCK_MONOTONIC, &other);
        const Duration ours = SystemClock().now().since_boot();
        return ours - std::chrono::seconds(other.tv_sec) >= 4000s ? 0 : 1;
    });
}

TEST(KeyAge, C31_IsMeasuredOnTheClockThatCountsSuspend) {
    const int status = status_of_child(status_in_another_boot_time);
    if (status == cannot_tell) GTEST_SKIP() << "time namespaces need root";
    EXPECT_EQ(status, 0);
}

TEST_F(Handshake, C31_TheFirstPacketAfterALongSleepStartsAHandshakeAtOnce) {
    establish();
    // Nobody's timers ran meanwhile.
    clock.advance(std::chrono::hours(8));
    a.send(b, "good morning");
    EXPECT_EQ(count_of(MessageType::initiation, deliver(a, b)), 1u);
    settle();
    EXPECT_EQ(b.received, std::vector<std::string>{"good morning"});
}

TEST_F(Handshake, C31_TheWallClockAgesNoKey) {
    establish();
    clock.wall.seconds += 1'000'000;
    EXPECT_EQ(b.receive(data(a, b, "x"), a.address), std::nullopt);
    clock.wall.seconds -= 2'000'000;
    EXPECT_EQ(b.receive(data(a, b, "x"), a.address), std::nullopt);
}

TEST_F(Handshake, C32_AKeyOf180SecondsReceivesNothing) {
    establish();
    const Datagram one = data(a, b, "x"), two = data(a, b, "x");
    clock.advance(limits::reject_after_time - Duration(1));
    EXPECT_EQ(b.receive(one, a.address), std::nullopt);
    clock.advance(Duration(1));
    EXPECT_EQ(b.receive(two, a.address), Drop::expired_session);
}

TEST_F(Handshake, C32_AKeyOf180SecondsSendsNothingAndAHandshakeStarts) {
    establish();
    clock.advance(limits::reject_after_time);
    a.send(b, "staged");
    const auto taken = a.take();
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_TRUE(has_initiation(taken));
    EXPECT_EQ(a.peer(b).staged.size(), 1u);
}

TEST_F(Handshake, C32_CountersThatAreUsedUpSendNothing) {
    establish();
    session_of(a, b).next_counter = limits::reject_after_messages - 1;
    const Datagram last = [&] {
        a.send(b, "last");
        return a.take().at(0);
    }();
    EXPECT_EQ(DataView::parse(last.bytes)->counter(), limits::reject_after_messages - 1);
    a.send(b, "staged");
    EXPECT_EQ(count_of(MessageType::data, a.take()), 0u);
    EXPECT_EQ(a.peer(b).staged.size(), 1u);
}

TEST_F(Handshake, C32_ACounterBeyondTheLimitIsRefused) {
    establish();
    Datagram beyond = data(a, b, "x");
    const Session& session = session_of(a, b);
    const auto sealed = MutableBytes(beyond.bytes).subspan(data_header_size);
    store_le(MutableBytes(beyond.bytes).subspan(8), limits::reject_after_messages);
    aead_seal(session.send_key, limits::reject_after_messages, {}, bytes_of("x"), sealed);
    EXPECT_EQ(b.receive(beyond, a.address), Drop::replayed_packet);
    EXPECT_TRUE(b.received.empty());
}

TEST_F(Handshake, C33_TheInitiatorRenewsOnSendAfter120Seconds) {
    establish();
    clock.advance(limits::rekey_after_time);
    a.send(b, "young");
    EXPECT_FALSE(has_initiation(a.take()));
    clock.advance(Duration(1));
    a.send(b, "old");
    EXPECT_TRUE(has_initiation(a.take()));
}

TEST_F(Handshake, C33_TheResponderNeverRenewsByAge) {
    establish();
    // `a` is not heard, so that it renews nothing either.
    for (int seconds = 1; seconds < 180; ++seconds) {
        clock.advance(1s);
        Datagram message = data(b, a, "x");
        EXPECT_EQ(message.type(), MessageType::data) << seconds;
    }
}

TEST_F(Handshake, C33_EitherSideRenewsByCount) {
    establish();
    clock.advance(limits::rekey_timeout);
    for (const auto& [side, other] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
        session_of(*side, *other).next_counter = limits::rekey_after_messages - 1;
        side->send(*other, "not yet");
        EXPECT_FALSE(has_initiation(side->take()));
        side->send(*other, "now");
        EXPECT_TRUE(has_initiation(side->take()));
    }
}

TEST_F(Handshake, C33_TheInitiatorRenewsOnReceiveAfter165SecondsOnceAKey) {
    establish();
    clock.advance(165s);
    b.send(a, "young");
    deliver(b, a);
    EXPECT_FALSE(has_initiation(a.take()));
    clock.advance(Duration(1));
    for (const std::size_t expected : {1u, 0u, 0u}) {
        b.send(a, "old");
        deliver(b, a);
        EXPECT_EQ(count_of(MessageType::initiation, a.take()), expected);
    }
}

TEST_F(Handshake, C39_540SecondsAfterTheLastKeyEverythingIsForgotten) {
    establish();
    a.send(b, "unanswered");
    const std::uint32_t index = session_of(a, b).local_index;
    static_cast<void>(take_for(a, 539s));
    EXPECT_NE(keypairs(a, b).current(), nullptr);
    static_cast<void>(take_for(a, 1s));
    EXPECT_EQ(keypairs(a, b).current(), nullptr);
    EXPECT_EQ(keypairs(a, b).previous(), nullptr);
    EXPECT_EQ(keypairs(a, b).next(), nullptr);
    EXPECT_FALSE(a.peer(b).handshake.pending_index());
    EXPECT_EQ(a.device.find_session(index), nullptr);
}

TEST_F(Handshake, C40_TheLast128PacketsWaitInTheirOrder) {
    connect();
    for (int i = 0; i < 200; ++i)
        a.send(b, std::to_string(i));
    EXPECT_EQ(a.drops[Drop::staged_overflow], 200u - 128u);
    settle();
    ASSERT_EQ(b.received.size(), 128u);
    for (std::size_t i = 0; i < b.received.size(); ++i)
        EXPECT_EQ(b.received[i], std::to_string(72 + i));
}

struct Order : sim::TwoHosts {};

TEST_F(Order, C41_PacketsOfAPeerKeepTheirOrderBothWays) {
    connect();
    for (int round = 0; round < 3; ++round) {
        // The first ones wait for a handshake.
        for (std::size_t size = 60; size < 160; ++size) {
            a.send(a.packet_to(b, size));
            b.send(b.packet_to(a, size));
        }
        if (round == 0) b.ports.to_read.clear();  // knows no endpoint yet
        sim::settle(a, b);
        for (const sim::Host* const host : {&a, &b}) {
            const auto& written = host->ports.written;
            if (host == &a && round == 0) continue;
            ASSERT_EQ(written.size(), 100u);
            for (std::size_t i = 0; i < written.size(); ++i)
                EXPECT_EQ(written[i].size(), 60 + i);
        }
        a.ports.written.clear();
        b.ports.written.clear();
        clock.advance(limits::rekey_after_time + 1s);
    }
}

TEST_F(Handshake, C42_AnotherPrivateKeyEndsSessionsAndAllowsAHandshakeAtOnce) {
    meet();
    talk();
    const PrivateKey other = generate_private_key(a.entropy);
    a.set_private_key(other);
    EXPECT_EQ(a.peer(b).sending_session(clock.now), nullptr);
    EXPECT_FALSE(a.peer(b).handshake.pending_index());
    PeerChange change;
    change.public_key = public_key_of(other);
    change.allowed_ips.push_back({{a.inner, 32}, false});
    b.apply(std::move(change));
    a.send(b, "hello");
    EXPECT_EQ(count_of(MessageType::initiation, deliver(a, b)), 1u);
    settle();
    EXPECT_EQ(b.received.back(), "hello");
}

TEST_F(Handshake, C42_MessagesForTheOldKeyAreRefused) {
    meet();
    const Datagram initiation = initiate(a, b);
    b.set_private_key(generate_private_key(b.entropy));
    EXPECT_EQ(b.receive(initiation, a.address), Drop::bad_mac1);
}

TEST_F(Handshake, C43_APresharedKeyIsForTheNextHandshake) {
    meet();
    talk();
    const PresharedKey psk = generate_preshared_key(a.entropy);
    const Session* const session = keypairs(a, b).current();
    set_psk(a, b, psk);
    a.send(b, "goes on");
    settle();
    EXPECT_EQ(b.received.back(), "goes on");
    EXPECT_EQ(keypairs(a, b).current(), session);
    rekey();
    EXPECT_EQ(keypairs(a, b).current(), session) << "only one side has it";
    set_psk(b, a, psk);
    run_for(12s);
    EXPECT_NE(keypairs(a, b).current(), session);
}

TEST_F(Handshake, C44_ALowOrderPeerIsAcceptedAndNothingIsSentToIt) {
    for (const auto first : {std::uint8_t{0}, std::uint8_t{1}}) {
        PeerChange change;
        change.public_key.bytes[0] = first;
        change.endpoint = b.address;
        change.persistent_keepalive_seconds = 25;
        change.allowed_ips.push_back({{b.inner, 32}, false});
        a.apply(std::move(change));
        a.send(b, "hello");
        EXPECT_TRUE(take_for(a, 100s).empty());
    }
    EXPECT_EQ(a.device.snapshot().peers.size(), 2u);
}

}  // namespace
}  // namespace wgns::conformance
