#include "protocol/handshake.h"

#include <gtest/gtest.h>

#include <string_view>

#include "protocol/cookie.h"
#include "protocol/limits.h"
#include "tests/crypto/seeded_entropy.h"

namespace wgns {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool same(const AeadKey& a, const AeadKey& b) {
    return equal_constant_time(a.bytes(), b.bytes());
}

InitiationView view_of(const InitiationMessage& message) {
    return InitiationView::parse(message).value();
}
ResponseView view_of(const ResponseMessage& message) {
    return ResponseView::parse(message).value();
}

// Each point of low order of the curve and its twist, and those values of 2^255 - 19 and above that
// are congruent to one (RFC 7748, section 6.1; the list is at https://cr.yp.to/ecdh.html#validate).
const char* const low_order_points[] = {
    /* 1 */ "0000000000000000000000000000000000000000000000000000000000000000",
    /* 2 */ "0100000000000000000000000000000000000000000000000000000000000000",
    /* 3 */ "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    /* 4 */ "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    /* 5 */ "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    /* 6 */ "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    /* 7 */ "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

PublicKey point(std::string_view hex) {
    PublicKey key;
    EXPECT_TRUE(parse_hex_key(hex, key.bytes));
    return key;
}

// Alice initiates, Bob responds.
class HandshakeTest : public ::testing::Test {
protected:
    HandshakeTest() {
        alice_.set_identities(alice_keys_, bob_keys_.public_key());
        bob_.set_identities(bob_keys_, alice_keys_.public_key());
    }

    // A stamp for each second.
    static Tai64n stamp(int second) { return Tai64n::at({1'700'000'000 + second, 0}); }

    InitiationMessage initiate(int second, std::uint32_t index = 0xa1) {
        auto message = alice_.create_initiation(alice_keys_, index, stamp(second), entropy_);
        EXPECT_TRUE(message);
        return *message;
    }
    // Nothing: Bob took it.
    std::optional<Drop> consume(const InitiationMessage& message, TimePoint now) {
        auto opened = open_initiation(view_of(message), bob_keys_);
        if (!opened) return opened.error();
        auto consumed = bob_.consume_initiation(*opened, view_of(message), now);
        if (!consumed) return consumed.error();
        return std::nullopt;
    }
    Verdict<Answer> answer(const InitiationMessage& message, TimePoint now) {
        auto opened = open_initiation(view_of(message), bob_keys_);
        if (!opened) return opened.error();
        auto consumed = bob_.consume_initiation(*opened, view_of(message), now);
        if (!consumed) return consumed.error();
        return bob_.create_response(*opened, 0xb1, entropy_);
    }
    std::optional<Drop> finish(const ResponseMessage& message) {
        auto keys = alice_.consume_response(view_of(message), alice_keys_);
        if (!keys) return keys.error();
        return std::nullopt;
    }

    static PresharedKey some_psk(std::uint8_t byte) {
        std::array<std::uint8_t, 32> bytes;
        bytes.fill(byte);
        return PresharedKey(bytes);
    }

    const TimePoint start_{seconds(1000)};
    SeededEntropy entropy_;
    StaticIdentity alice_keys_{generate_private_key(entropy_)};
    StaticIdentity bob_keys_{generate_private_key(entropy_)};
    Handshake alice_;
    Handshake bob_;
};

TEST_F(HandshakeTest, GivesBothSidesTheSameKeys) {
    const auto message = initiate(1);
    EXPECT_EQ(alice_.pending_index(), 0xa1u);
    const auto opened = open_initiation(view_of(message), bob_keys_);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->static_key, alice_keys_.public_key());
    const auto bob = answer(message, start_);
    ASSERT_TRUE(bob);
    EXPECT_EQ(view_of(bob->message).receiver(), 0xa1u);
    const auto alice = alice_.consume_response(view_of(bob->message), alice_keys_);
    ASSERT_TRUE(alice);
    EXPECT_TRUE(same(alice->send, bob->keys.receive));
    EXPECT_TRUE(same(alice->receive, bob->keys.send));
    EXPECT_FALSE(same(alice->send, alice->receive));
    EXPECT_TRUE(alice->initiator);
    EXPECT_FALSE(bob->keys.initiator);
    EXPECT_EQ(alice->local_index, 0xa1u);
    EXPECT_EQ(alice->remote_index, 0xb1u);
    EXPECT_EQ(bob->keys.local_index, 0xb1u);
    EXPECT_EQ(bob->keys.remote_index, 0xa1u);
    EXPECT_EQ(alice_.pending_index(), std::nullopt);
}

TEST_F(HandshakeTest, GivesNewKeysEachTime) {
    const auto first = answer(initiate(1), start_);
    const auto second = answer(initiate(2), start_ + seconds(5));
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(same(first->keys.send, second->keys.send));
    EXPECT_FALSE(same(first->keys.receive, second->keys.receive));
}

// The first two steps by hand, from the constants that the whitepaper's names hash to.
TEST_F(HandshakeTest, StartsFromTheKnownConstants) {
    Hash ck, h, key;
    ASSERT_TRUE(
        parse_hex_key("60e26daef327efc02ec335e2a025d2d016eb4206f87277f52d38d1988b78cd36", ck));
    ASSERT_TRUE(
        parse_hex_key("2211b361081ac566691243db458ad5322d9c6c662293e8b70ee19c65ba079ef3", h));
    const auto message = initiate(1);
    const PublicKey ephemeral = view_of(message).ephemeral();
    h = blake2s({h, bob_keys_.public_key().bytes});
    h = blake2s({h, ephemeral.bytes});
    hkdf(ck, ephemeral.bytes, {ck});
    const auto shared = x25519(bob_keys_.secret(), ephemeral);
    ASSERT_TRUE(shared);
    hkdf(ck, shared->bytes(), {ck, key});
    PublicKey opened;
    ASSERT_TRUE(aead_open(AeadKey(key), 0, h, view_of(message).sealed_static(), opened.bytes));
    EXPECT_EQ(opened, alice_keys_.public_key());
}

TEST_F(HandshakeTest, NeedsTheSamePresharedKey) {
    bob_.set_preshared_key(some_psk(1));
    const auto refused = answer(initiate(1), start_);
    ASSERT_TRUE(refused);
    EXPECT_EQ(finish(refused->message), Drop::bad_tag);
    EXPECT_EQ(alice_.pending_index(), 0xa1u);
    alice_.set_preshared_key(some_psk(1));
    const auto accepted = answer(initiate(2), start_ + seconds(5));
    ASSERT_TRUE(accepted);
    EXPECT_EQ(finish(accepted->message), std::nullopt);
}

TEST_F(HandshakeTest, IsNotForSomebodyElse) {
    const StaticIdentity carol(generate_private_key(entropy_));
    const auto opened = open_initiation(view_of(initiate(1)), carol);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), Drop::bad_tag);
}

// The static key can be sealed by anyone who knows Bob's; only {t} proves it.
TEST_F(HandshakeTest, RefusesAStaticKeyWithoutItsOwner) {
    const StaticIdentity carol(generate_private_key(entropy_));
    bob_.set_identities(bob_keys_, carol.public_key());
    EXPECT_EQ(consume(initiate(1), start_), Drop::bad_tag);
}

// Noise covers the bytes from the ephemeral key to mac1; type and sender are checked by parse and
// mac1.
TEST_F(HandshakeTest, RefusesAnInitiationWithAnyByteChanged) {
    auto genuine = initiate(1);
    MacStamper(bob_keys_.public_key()).stamp(genuine, start_);
    MacChecker checker(bob_keys_.public_key(), entropy_);
    // Bob waits for an answer himself; no forgery may disturb that.
    ASSERT_TRUE(bob_.create_initiation(bob_keys_, 0xb9, stamp(1), entropy_));
    for (std::size_t i = 0; i < initiation_size - mac_size; ++i) {
        auto message = genuine;
        message[i] ^= 0x80;
        const auto view = InitiationView::parse(message);
        EXPECT_EQ(view.has_value(), i >= 4) << i;
        EXPECT_EQ(checker.check(message, {}, start_), MacState::invalid) << i;
        if (i < 8 || i >= InitiationView::mac1_at) continue;
        EXPECT_EQ(consume(message, start_), Drop::bad_tag) << i;
    }
    EXPECT_EQ(bob_.pending_index(), 0xb9u);
    EXPECT_EQ(consume(genuine, start_), std::nullopt);
}

TEST_F(HandshakeTest, RefusesAResponseWithAnyByteChanged) {
    auto bob = answer(initiate(1), start_);
    ASSERT_TRUE(bob);
    MacStamper(alice_keys_.public_key()).stamp(bob->message, start_);
    MacChecker checker(alice_keys_.public_key(), entropy_);
    for (std::size_t i = 0; i < response_size - mac_size; ++i) {
        auto message = bob->message;
        message[i] ^= 0x80;
        const auto view = ResponseView::parse(message);
        EXPECT_EQ(view.has_value(), i >= 4) << i;
        EXPECT_EQ(checker.check(message, {}, start_), MacState::invalid) << i;
        if (i < 8 || i >= ResponseView::mac1_at) continue;
        const bool is_receiver = i < ResponseView::ephemeral_at;
        EXPECT_EQ(finish(message), is_receiver ? Drop::unexpected_response : Drop::bad_tag) << i;
    }
    EXPECT_EQ(alice_.pending_index(), 0xa1u);
    EXPECT_EQ(finish(bob->message), std::nullopt);
}

TEST_F(HandshakeTest, TakesOnlyLaterTimeStamps) {
    struct Case {
        int second;
        std::optional<Drop> expected;
    };
    const Case cases[] = {
        /* 1 */ {10, std::nullopt},
        /* 2 */ {10, Drop::replayed_initiation},
        /* 3 */ {9, Drop::replayed_initiation},
        /* 4 */ {11, std::nullopt},
        /* 5 */ {10, Drop::replayed_initiation},
        /* 6 */ {5000, std::nullopt},
        /* 7 */ {12, Drop::replayed_initiation},
    };
    TimePoint now = start_;
    int number = 0;
    for (const Case& test : cases) {
        ++number;
        EXPECT_EQ(consume(initiate(test.second), now), test.expected) << "case " << number;
        now = now + seconds(1);
    }
}

TEST_F(HandshakeTest, RefusesTheSameInitiationTwice) {
    const auto message = initiate(1);
    EXPECT_EQ(consume(message, start_), std::nullopt);
    EXPECT_EQ(consume(message, start_ + seconds(30)), Drop::replayed_initiation);
}

// Past stamps outlive a change of our own key (C61: they are the peer's).
TEST_F(HandshakeTest, RemembersTimeStampsAcrossAChangeOfIdentity) {
    const auto message = initiate(1);
    EXPECT_EQ(consume(message, start_), std::nullopt);
    bob_.set_identities(bob_keys_, alice_keys_.public_key());
    EXPECT_EQ(consume(message, start_ + seconds(1)), Drop::replayed_initiation);
}

TEST_F(HandshakeTest, TakesOneInitiationEach20Milliseconds) {
    EXPECT_EQ(consume(initiate(1), start_), std::nullopt);
    const auto early = initiate(2);
    const TimePoint floor = start_ + limits::initiation_interval_min;
    EXPECT_EQ(consume(early, floor - milliseconds(1)), Drop::initiation_flood);
    // Refusing it did not use up its stamp, nor move the floor.
    EXPECT_EQ(consume(early, floor), std::nullopt);
}

TEST_F(HandshakeTest, RefusesASecondResponse) {
    const auto message = initiate(1);
    const auto first = answer(message, start_);
    ASSERT_TRUE(first);
    EXPECT_EQ(finish(first->message), std::nullopt);
    EXPECT_EQ(finish(first->message), Drop::unexpected_response);
}

TEST_F(HandshakeTest, RefusesAResponseToASupersededInitiation) {
    const auto late = answer(initiate(1, 0xa1), start_);
    ASSERT_TRUE(late);
    const auto current = answer(initiate(2, 0xa2), start_ + seconds(5));
    ASSERT_TRUE(current);
    EXPECT_EQ(finish(late->message), Drop::unexpected_response);
    // Not even when its index is written over.
    auto forged = late->message;
    store_le(MutableBytes(forged).subspan(ResponseView::receiver_at), std::uint32_t{0xa2});
    EXPECT_EQ(finish(forged), Drop::bad_tag);
    EXPECT_EQ(finish(current->message), std::nullopt);
}

TEST_F(HandshakeTest, SendsNothingToAPointOfLowOrder) {
    for (const char* hex : low_order_points) {
        alice_.set_identities(alice_keys_, point(hex));
        const auto message = alice_.create_initiation(alice_keys_, 0xa1, stamp(1), entropy_);
        ASSERT_FALSE(message) << hex;
        EXPECT_EQ(message.error(), Drop::bad_point);
        EXPECT_EQ(alice_.pending_index(), std::nullopt);
    }
}

TEST_F(HandshakeTest, RefusesAPeerOfLowOrder) {
    bob_.set_identities(bob_keys_, point(low_order_points[0]));
    EXPECT_EQ(consume(initiate(1), start_), Drop::bad_point);
}

TEST_F(HandshakeTest, RefusesEphemeralKeysOfLowOrder) {
    const auto message = initiate(1);
    const auto bob = answer(message, start_);
    ASSERT_TRUE(bob);
    for (const char* hex : low_order_points) {
        auto initiation = message;
        copy_bytes(MutableBytes(initiation).subspan(InitiationView::ephemeral_at),
                   point(hex).bytes);
        const auto opened = open_initiation(view_of(initiation), bob_keys_);
        ASSERT_FALSE(opened) << hex;
        EXPECT_EQ(opened.error(), Drop::bad_point);
        auto response = bob->message;
        copy_bytes(MutableBytes(response).subspan(ResponseView::ephemeral_at), point(hex).bytes);
        EXPECT_EQ(finish(response), Drop::bad_point) << hex;
    }
    EXPECT_EQ(finish(bob->message), std::nullopt);
}

// The table above class Handshake: each state meets each event.
TEST_F(HandshakeTest, MovesAsItsTableSays) {
    enum class Event {
        create_initiation,
        response,
        bad_response,
        initiation,
        bad_initiation,
        clear,
        set_identities
    };
    struct Case {
        bool was_sent;
        Event event;
        bool is_sent;
    };
    const Case cases[] = {
        /* 1 */ {false, Event::create_initiation, true},
        /* 2 */ {true, Event::create_initiation, true},
        /* 3 */ {false, Event::response, false},
        /* 4 */ {true, Event::response, false},
        /* 5 */ {false, Event::bad_response, false},
        /* 6 */ {true, Event::bad_response, true},
        /* 7 */ {false, Event::initiation, false},
        /* 8 */ {true, Event::initiation, false},
        /* 9 */ {false, Event::bad_initiation, false},
        /* 10 */ {true, Event::bad_initiation, true},
        /* 11 */ {false, Event::clear, false},
        /* 12 */ {true, Event::clear, false},
        /* 13 */ {false, Event::set_identities, false},
        /* 14 */ {true, Event::set_identities, false},
    };
    int second = 0;
    for (const Case& test : cases) {
        const TimePoint now = start_ + seconds(++second);
        auto response = answer(initiate(second), now);
        ASSERT_TRUE(response);
        auto initiation = bob_.create_initiation(bob_keys_, 0xb1, stamp(second), entropy_);
        ASSERT_TRUE(initiation);
        if (!test.was_sent) alice_.clear();
        if (test.event == Event::bad_response) response->message[50] ^= 1;
        if (test.event == Event::bad_initiation) (*initiation)[100] ^= 1;
        switch (test.event) {
            case Event::create_initiation:
                initiate(second, 0xa2);
                break;
            case Event::response:
            case Event::bad_response:
                (void)finish(response->message);
                break;
            case Event::initiation:
            case Event::bad_initiation: {
                auto opened = open_initiation(view_of(*initiation), alice_keys_);
                ASSERT_TRUE(opened);
                (void)alice_.consume_initiation(*opened, view_of(*initiation), now);
                break;
            }
            case Event::clear:
                alice_.clear();
                break;
            case Event::set_identities:
                alice_.set_identities(alice_keys_, bob_keys_.public_key());
                break;
        }
        EXPECT_EQ(alice_.pending_index().has_value(), test.is_sent) << "case " << second;
    }
}

}  // namespace
}  // namespace wgns
