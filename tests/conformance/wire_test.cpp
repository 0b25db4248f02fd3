// C1 to C13: constants, sizes, and what the bytes of each message are.
#include <set>

#include "crypto/x25519.h"
#include "fixture.h"
#include "paper.h"
#include "protocol/inner_packet.h"

namespace wgns::conformance {
namespace {

struct Wire : Conversation {
    // A stranger who follows the paper, and whom `b` knows as a peer.
    PaperInitiator paper{generate_private_key(b.entropy), b.key};
    Endpoint elsewhere = *Endpoint::parse("198.51.100.9:9");

    void befriend(const PresharedKey& psk = {}) {
        PeerChange change;
        change.public_key = paper.public_key();
        change.preshared_key = psk.duplicate();
        change.allowed_ips.push_back({{a.inner, 32}, false});
        b.apply(std::move(change));
    }
    Datagram to_b(const InitiationMessage& message) const {
        return {b.address, 0, {message.begin(), message.end()}};
    }
    // What `b` answers the stranger's initiation of this index with.
    ResponseMessage response_to(std::uint32_t index) {
        b.receive(to_b(paper.initiation(index, Tai64n::at(clock.wall), 5)), elsewhere);
        const Datagram answer = only(b.take(), MessageType::response);
        ResponseMessage response{};
        copy_bytes(response, answer.bytes);
        return response;
    }
    std::optional<Drop> wire_drop(const std::vector<std::uint8_t>& bytes) {
        if (classify_message(bytes)) return b.receive({b.address, 0, bytes}, a.address);
        return Drop::not_wireguard;
    }
};

TEST(Constants, C1_TheLimitsAreTheProtocols) {
    EXPECT_EQ(limits::rekey_after_messages, std::uint64_t{1} << 60);
    EXPECT_EQ(limits::reject_after_messages, 0xffff'ffff'ffff'dfffu);
    EXPECT_EQ(limits::rekey_after_time, 120s);
    EXPECT_EQ(limits::reject_after_time, 180s);
    EXPECT_EQ(limits::rekey_attempt_time, 90s);
    EXPECT_EQ(limits::rekey_timeout, 5s);
    EXPECT_EQ(limits::rekey_timeout_jitter_max, 333ms);
    EXPECT_EQ(limits::keepalive_timeout, 10s);
    EXPECT_EQ(limits::cookie_secret_lifetime, 120s);
    EXPECT_EQ(limits::cookie_lifetime, 115s);
    EXPECT_EQ(limits::initiation_interval_min, 20ms);
    EXPECT_EQ(limits::limiter_handshakes_per_second, 20u);
    EXPECT_EQ(limits::limiter_burst, 5u);
}

TEST_F(Wire, C2_NoOtherSizeOrTypeIsAMessage) {
    const std::pair<std::uint8_t, std::size_t> sizes[] = {{1, 148}, {2, 92}, {3, 64}};
    for (const auto& [type, exact] : sizes)
        for (std::size_t size = 0; size <= 200; ++size) {
            std::vector<std::uint8_t> bytes(size);
            if (size != 0) bytes[0] = type;
            EXPECT_EQ(classify_message(bytes).has_value(), size == exact) << +type << ' ' << size;
        }
    for (std::size_t size = 0; size <= 200; ++size) {
        std::vector<std::uint8_t> bytes(size);
        if (size != 0) bytes[0] = 4;
        EXPECT_EQ(classify_message(bytes).has_value(), size >= 32) << size;
    }
    for (const unsigned type : {0u, 5u, 6u, 128u, 255u}) {
        std::vector<std::uint8_t> bytes(148);
        bytes[0] = static_cast<std::uint8_t>(type);
        EXPECT_FALSE(classify_message(bytes)) << type;
    }
}

TEST_F(Wire, C2_ReservedBytesAreZero) {
    connect();
    const Datagram good = initiate(a, b);
    for (std::size_t at = 1; at <= 3; ++at) {
        Datagram bad = good;
        bad.bytes[at] = 1;
        EXPECT_EQ(wire_drop(bad.bytes), Drop::not_wireguard) << at;
    }
    EXPECT_TRUE(b.take().empty());
    EXPECT_EQ(wire_drop(good.bytes), std::nullopt);
}

TEST_F(Wire, C2_DataNeedNotBePadded) {
    establish();
    const Datagram message = data(a, b, "hello");
    EXPECT_EQ(message.bytes.size(), data_overhead + 5);
    EXPECT_EQ(b.receive(message, a.address), std::nullopt);
    EXPECT_EQ(b.received, std::vector<std::string>{"hello"});
}

TEST_F(Wire, C3_TheInitialHashesAreThePapers) {
    EXPECT_EQ(key_to_hex(initial_chaining_key()),
              "60e26daef327efc02ec335e2a025d2d016eb4206f87277f52d38d1988b78cd36");
    EXPECT_EQ(key_to_hex(initial_hash()),
              "2211b361081ac566691243db458ad5322d9c6c662293e8b70ee19c65ba079ef3");
    befriend();
    EXPECT_TRUE(paper.accepts(response_to(7), {}));
}

TEST_F(Wire, C4_TokensStandInThePapersOrder) {
    befriend();
    ASSERT_TRUE(paper.accepts(response_to(7), {}));
    // And so both have the same keys.
    Datagram message{b.address, 0, std::vector<std::uint8_t>(data_overhead)};
    write_data_header(message.bytes, b.peer(a).keypairs.next()->local_index, 0);
    aead_seal(paper.send_key(), 0, {}, {}, MutableBytes(message.bytes).subspan(data_header_size));
    EXPECT_EQ(b.receive(message, elsewhere), std::nullopt);
    EXPECT_NE(b.peer(a).keypairs.current(), nullptr);
}

TEST_F(Wire, C4_APresharedKeyIsAlwaysMixedIn) {
    const PresharedKey psk = generate_preshared_key(a.entropy);
    befriend(psk);
    EXPECT_FALSE(paper.accepts(response_to(7), {}));
    clock.advance(1s);
    EXPECT_TRUE(paper.accepts(response_to(8), psk));
}

TEST_F(Wire, C5_AZeroSecretEndsAnInitiation) {
    connect();
    Datagram message = initiate(a, b);
    std::fill_n(message.bytes.begin() + InitiationView::ephemeral_at, 32, std::uint8_t{0});
    const Mac mac1 = PaperInitiator::mac1(message.bytes, b.key);
    copy_bytes(MutableBytes(message.bytes).subspan(InitiationView::mac1_at), mac1);
    EXPECT_EQ(b.receive(message, a.address), Drop::bad_point);
    EXPECT_TRUE(b.take().empty());
}

TEST_F(Wire, C5_AZeroSecretEndsAResponseToo) {
    connect();
    const Datagram good = answer(b, initiate(a, b), a);
    Datagram bad = good;
    std::fill_n(bad.bytes.begin() + ResponseView::ephemeral_at, 32, std::uint8_t{0});
    const Mac mac1 = PaperInitiator::mac1(bad.bytes, a.key);
    copy_bytes(MutableBytes(bad.bytes).subspan(ResponseView::mac1_at), mac1);
    EXPECT_EQ(a.receive(bad, b.address), Drop::bad_point);
    EXPECT_TRUE(a.take().empty());
    EXPECT_EQ(a.receive(good, b.address), std::nullopt) << "the handshake goes on";
}

TEST_F(Wire, C6_CountersBeginAtZeroAndRiseByOne) {
    establish();
    // The confirmation was 0.
    for (std::uint64_t counter = 1; counter < 20; ++counter) {
        const Datagram message = data(a, b, "x");
        EXPECT_EQ(DataView::parse(message.bytes)->counter(), counter);
    }
}

TEST_F(Wire, C6_CountersHave64Bits) {
    establish();
    for (const int bits : {32, 33, 59}) {
        const std::uint64_t first = (std::uint64_t{1} << bits) - 1;
        session_of(a, b).next_counter = first;
        for (std::uint64_t counter = first; counter < first + 3; ++counter) {
            const Datagram message = data(a, b, "x");
            EXPECT_EQ(DataView::parse(message.bytes)->counter(), counter);
            EXPECT_EQ(b.receive(message, a.address), std::nullopt);
        }
    }
}

TEST_F(Wire, C6_TheNonceIsFourZeroBytesAndTheCounter) {
    establish();
    session_of(a, b).next_counter = 0x0102'0304'0506'0708;
    const Datagram message = data(a, b, "hello");
    EXPECT_EQ(std::vector<std::uint8_t>(message.bytes.begin() + 8, message.bytes.begin() + 16),
              (std::vector<std::uint8_t>{8, 7, 6, 5, 4, 3, 2, 1}));
    EXPECT_EQ(b.receive(message, a.address), std::nullopt);
}

TEST_F(Wire, C7_Mac1IsKeyedWithTheReceiversKey) {
    connect();
    const Datagram initiation = initiate(a, b);
    const auto is_mac1 = [](const Datagram& message, const PublicKey& receiver) {
        return equal_constant_time(PaperInitiator::mac1(message.bytes, receiver),
                                   mac1_of(message.bytes));
    };
    EXPECT_TRUE(is_mac1(initiation, b.key));
    EXPECT_TRUE(is_mac1(answer(b, initiation, a), a.key));
}

TEST_F(Wire, C7_Mac1IsCheckedFirst) {
    connect();
    for (const std::size_t at : {4u, 8u, 40u, 88u, 116u, 131u}) {
        Datagram message = initiate(a, b);
        message.bytes[at] ^= 1;
        EXPECT_EQ(b.receive(message, a.address), Drop::bad_mac1) << at;
        clock.advance(6s);
        a.peer(b).timers.handshake_over();
    }
}

TEST_F(Wire, C8_Mac2IsZeroWithoutACookieAndCoversMac1WithOne) {
    connect();
    const auto has_mac2 = [](const Datagram& message) {
        const Bytes mac2 = mac2_of(message.bytes);
        return std::any_of(mac2.begin(), mac2.end(), [](std::uint8_t each) { return each != 0; });
    };
    const Datagram first = initiate(a, b);
    EXPECT_FALSE(has_mac2(first));
    a.receive(answer(b, first, a, heavy), b.address);
    const auto retries = take_for(a, limits::cookie_lifetime - 1s);
    ASSERT_GE(retries.size(), 2u);
    for (const Datagram& retry : retries)
        EXPECT_TRUE(has_mac2(retry));
    Datagram forged = retries[0];
    forged.bytes.back() ^= 1;
    EXPECT_EQ(b.receive(forged, a.address, heavy), Drop::cookie_demanded);
    forged = retries[0];
    forged.bytes[InitiationView::mac1_at] ^= 1;
    EXPECT_EQ(b.receive(forged, a.address, heavy), Drop::bad_mac1);
    EXPECT_EQ(b.receive(retries[0], a.address, heavy), std::nullopt);
}

TEST_F(Wire, C8_AnOldCookieIsNotUsed) {
    connect();
    a.receive(answer(b, initiate(a, b), a, heavy), b.address);
    clock.advance(limits::cookie_lifetime);
    a.peer(b).timers.handshake_over();
    const Datagram initiation = initiate(a, b);
    const Bytes mac2 = mac2_of(initiation.bytes);
    EXPECT_EQ(std::vector<std::uint8_t>(mac2.begin(), mac2.end()), std::vector<std::uint8_t>(16));
}

TEST_F(Wire, C9_ACookieIsForOneAddressAndOnePort) {
    connect();
    a.receive(answer(b, initiate(a, b), a, heavy), b.address);
    const auto retry = only(take_for(a, 6s), MessageType::initiation);
    Endpoint other_port = a.address, other_address = a.address;
    ++other_port.port;
    other_address.address = elsewhere.address;
    EXPECT_EQ(b.receive(retry, other_port, heavy), Drop::cookie_demanded);
    EXPECT_EQ(b.receive(retry, other_address, heavy), Drop::cookie_demanded);
    EXPECT_EQ(b.receive(retry, a.address, heavy), std::nullopt);
}

TEST_F(Wire, C9_ACookieReplyIsXChaChaUnderTheRespondersKeyAndTheMacItAnswers) {
    connect();
    const Datagram initiation = initiate(a, b);
    std::set<std::vector<std::uint8_t>> nonces;
    for (int i = 0; i < 3; ++i) {
        const Datagram reply = answer(b, initiation, a, heavy);
        clock.advance(limits::cookie_interval_min);
        const auto view = CookieReplyView::parse(reply.bytes);
        ASSERT_TRUE(view);
        EXPECT_EQ(view->receiver(), sender_of(initiation.bytes));
        nonces.emplace(view->nonce().begin(), view->nonce().end());
        const AeadKey key(blake2s({bytes_of("cookie--"), b.key.bytes}));
        Mac cookie{};
        EXPECT_TRUE(xaead_open(key, view->nonce(), mac1_of(initiation.bytes), view->sealed_cookie(),
                               cookie));
    }
    EXPECT_EQ(nonces.size(), 3u);
}

TEST_F(Wire, C10_EveryHandshakeHasRandomIndicesOfItsOwn) {
    connect();
    a.send(b, "hello");
    std::set<std::uint32_t> seen;
    std::size_t messages = 0;
    std::uint32_t any = 0, all = UINT32_MAX;
    for (const Datagram& initiation : take_for(a, 90s)) {
        for (const Datagram& message : {initiation, answer(b, initiation, a)}) {
            const std::uint32_t index = sender_of(message.bytes);
            seen.insert(index);
            any |= index;
            all &= index;
            ++messages;
        }
        clock.advance(limits::initiation_interval_min);
    }
    ASSERT_GE(messages, 30u);
    EXPECT_EQ(seen.size(), messages);
    // Each bit was once set and once not, but for one in a billion.
    EXPECT_EQ(any, UINT32_MAX);
    EXPECT_EQ(all, 0u);
}

TEST_F(Wire, C11_TimestampsAreTai64nRoundedDown) {
    const auto stamp = Tai64n::at({0x1234'5678, 0x0300'0001}).bytes;
    EXPECT_EQ(stamp, (std::array<std::uint8_t, 12>{0x40, 0, 0, 0, 0x12, 0x34, 0x56, 0x82, 3}));
}

TEST_F(Wire, C11_OurTimestampsNeverGoBackOrRepeat) {
    connect();
    Datagram before = initiate(a, b);
    EXPECT_EQ(b.receive(before, a.address), std::nullopt);
    for (const std::int64_t step : {std::int64_t{0}, std::int64_t{-1'000'000}, std::int64_t{1}}) {
        clock.advance(limits::rekey_timeout);
        clock.wall.seconds += step;
        a.peer(b).timers.handshake_over();
        EXPECT_EQ(b.receive(initiate(a, b), a.address), std::nullopt) << step;
    }
}

TEST(Padding, C12_ZerosUpTo16ButNeverPastTheMtu) {
    /* 1 */ EXPECT_EQ(padded_size(0, 1420), 0u);
    /* 2 */ EXPECT_EQ(padded_size(1, 1420), 16u);
    /* 3 */ EXPECT_EQ(padded_size(16, 1420), 16u);
    /* 4 */ EXPECT_EQ(padded_size(1409, 1420), 1420u);
    /* 5 */ EXPECT_EQ(padded_size(1420, 1420), 1420u);
    /* 6: no limit, and no division by it */ EXPECT_EQ(padded_size(1421, 0), 1424u);
    /* 7 */ EXPECT_EQ(padded_size(65'535, 0), 65'536u);
    for (std::size_t mtu = 0; mtu <= 100; ++mtu)
        for (std::size_t size = 0; size <= mtu; ++size) {
            const std::size_t padded = padded_size(size, mtu);
            EXPECT_GE(padded, size);
            EXPECT_LE(padded, mtu);
        }
}

TEST_F(Wire, C13_AKeepaliveIsAnEmptyPacketOf32Bytes) {
    establish();
    set_keepalive(a, b, 25);
    const Datagram keepalive = only(a.take(), MessageType::data);
    EXPECT_EQ(keepalive.bytes.size(), 32u);
    EXPECT_EQ(b.receive(keepalive, a.address), std::nullopt);
    EXPECT_TRUE(b.received.empty());
}

}  // namespace
}  // namespace wgns::conformance
