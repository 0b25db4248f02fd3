#include "protocol/cookie.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/x25519.h"
#include "tests/crypto/seeded_entropy.h"

namespace wgns {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

PublicKey some_key(std::uint8_t byte) {
    PublicKey key;
    key.bytes.fill(byte);
    return key;
}

class CookieTest : public ::testing::Test {
protected:
    static Endpoint at(const char* text) { return Endpoint::parse(text).value(); }

    // The content does not matter to the macs.
    static InitiationMessage initiation(std::uint32_t sender = 0xabcd) {
        InitiationMessage message;
        message.fill(0x5c);
        store_le(MutableBytes(message), MessageType::initiation);
        store_le(MutableBytes(message).subspan(4), sender);
        return message;
    }
    InitiationMessage stamped(TimePoint now) {
        auto message = initiation();
        stamper_.stamp(message, now);
        return message;
    }
    bool take(const CookieReplyMessage& reply, TimePoint now) {
        return stamper_.consume(CookieReplyView::parse(reply).value(), now);
    }
    void take_cookie(TimePoint now) {
        ASSERT_TRUE(take(checker_.cookie_reply(stamped(now), home_, now), now));
    }

    const TimePoint start_{seconds(1000)};
    const Endpoint home_ = at("192.0.2.1:51820");
    const PublicKey responder_ = some_key(9);
    SeededEntropy entropy_;
    MacChecker checker_{responder_, entropy_};
    MacStamper stamper_{responder_};
};

bool is_zero(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

// whitepaper 5.4.4, spelled out.
TEST_F(CookieTest, Mac1IsKeyedWithTheHashOfLabelAndReceiver) {
    const auto message = stamped(start_);
    const Hash key = blake2s({bytes_of("mac1----"), responder_.bytes});
    const Mac expected = blake2s_mac(key, {Bytes(message).first(116)});
    EXPECT_TRUE(equal_constant_time(expected, mac1_of(message)));
    EXPECT_TRUE(is_zero(mac2_of(message)));
    EXPECT_EQ(checker_.check(message, home_, start_), MacState::mac1_only);
}

TEST_F(CookieTest, EveryByteUnderMac1Counts) {
    const auto genuine = stamped(start_);
    for (std::size_t i = 0; i < initiation_size - mac_size; ++i) {
        auto message = genuine;
        message[i] ^= 0x01;
        EXPECT_EQ(checker_.check(message, home_, start_), MacState::invalid) << i;
    }
}

TEST_F(CookieTest, AMessageForSomebodyElseIsInvalid) {
    MacChecker other(some_key(10), entropy_);
    EXPECT_EQ(other.check(stamped(start_), home_, start_), MacState::invalid);
}

TEST_F(CookieTest, ReplyNamesTheSenderAndIsNeverTheSameTwice) {
    const auto message = stamped(start_);
    const auto first = checker_.cookie_reply(message, home_, start_);
    const auto second = checker_.cookie_reply(message, home_, start_);
    EXPECT_EQ(CookieReplyView::parse(first).value().receiver(), 0xabcdu);
    EXPECT_NE(first, second);
}

TEST_F(CookieTest, ACookieMakesMac2Valid) {
    take_cookie(start_);
    const auto message = stamped(start_);
    EXPECT_EQ(checker_.check(message, home_, start_), MacState::with_cookie);
    for (std::size_t i = initiation_size - mac_size; i < initiation_size; ++i) {
        auto tampered = message;
        tampered[i] ^= 0x80;
        EXPECT_EQ(checker_.check(tampered, home_, start_), MacState::mac1_only) << i;
    }
}

TEST_F(CookieTest, ResponsesAreStampedLikeInitiations) {
    take_cookie(start_);
    ResponseMessage response;
    response.fill(0x77);
    stamper_.stamp(response, start_);
    EXPECT_EQ(checker_.check(response, home_, start_), MacState::with_cookie);
    response[59] ^= 1;
    EXPECT_EQ(checker_.check(response, home_, start_), MacState::invalid);
}

TEST_F(CookieTest, ACookieIsBoundToAddressAndPort) {
    take_cookie(start_);
    const auto message = stamped(start_);
    struct Case {
        const char* from;
        MacState expected;
    };
    const Case cases[] = {
        /* 1 */ {"192.0.2.1:51820", MacState::with_cookie},
        /* 2 */ {"192.0.2.1:51821", MacState::mac1_only},
        /* 3 */ {"192.0.2.1:20682", MacState::mac1_only},  // the port's bytes the other way round
        /* 4 */ {"192.0.2.2:51820", MacState::mac1_only},
        /* 5 */ {"[2001:db8::1]:51820", MacState::mac1_only},
    };
    for (const Case& test : cases)
        EXPECT_EQ(checker_.check(message, at(test.from), start_), test.expected) << test.from;
}

TEST_F(CookieTest, AnIPv6SourceGetsCookiesToo) {
    const Endpoint source = at("[2001:db8::7]:1234");
    ASSERT_TRUE(take(checker_.cookie_reply(stamped(start_), source, start_), start_));
    const auto message = stamped(start_);
    EXPECT_EQ(checker_.check(message, source, start_), MacState::with_cookie);
    EXPECT_EQ(checker_.check(message, at("[2001:db8::8]:1234"), start_), MacState::mac1_only);
}

TEST_F(CookieTest, ACookieIsUsedForLessThan115Seconds) {
    take_cookie(start_);
    EXPECT_FALSE(is_zero(mac2_of(stamped(start_ + seconds(115) - milliseconds(1)))));
    EXPECT_TRUE(is_zero(mac2_of(stamped(start_ + seconds(115)))));
}

TEST_F(CookieTest, TheSecretIsNewAfter120Seconds) {
    take_cookie(start_);
    const auto message = stamped(start_);
    const TimePoint last = start_ + seconds(120) - milliseconds(1);
    const TimePoint after = start_ + seconds(120);
    EXPECT_EQ(checker_.check(message, home_, last), MacState::with_cookie);
    EXPECT_EQ(checker_.check(message, home_, after), MacState::mac1_only);
    take_cookie(after);
    EXPECT_EQ(checker_.check(message, home_, after), MacState::mac1_only);
    EXPECT_EQ(checker_.check(stamped(after), home_, after), MacState::with_cookie);
}

TEST_F(CookieTest, ASecretThatWasNeverMadeMakesNothingValid) {
    auto message = stamped(start_);
    const Mac guess = blake2s_mac(Mac{}, {before_mac2(message)});
    copy_bytes(MutableBytes(message).last(mac_size), guess);
    EXPECT_EQ(checker_.check(message, home_, start_), MacState::mac1_only);
}

TEST_F(CookieTest, AReplyNobodyAskedForIsRefused) {
    auto message = initiation();
    MacStamper(responder_).stamp(message, start_);
    EXPECT_FALSE(take(checker_.cookie_reply(message, home_, start_), start_));
}

TEST_F(CookieTest, AReplyIsTakenOnceForEachMac1) {
    const auto reply = checker_.cookie_reply(stamped(start_), home_, start_);
    EXPECT_TRUE(take(reply, start_));
    EXPECT_FALSE(take(reply, start_ + seconds(1)));
    // A replay did not make the cookie young again.
    EXPECT_TRUE(is_zero(mac2_of(stamped(start_ + seconds(115)))));
}

TEST_F(CookieTest, AReplyToAnEarlierMac1IsRefused) {
    const auto reply = checker_.cookie_reply(stamped(start_), home_, start_);
    auto next = initiation(0xbeef);
    stamper_.stamp(next, start_);
    EXPECT_FALSE(take(reply, start_));
    EXPECT_TRUE(take(checker_.cookie_reply(next, home_, start_), start_));
}

TEST_F(CookieTest, AReplyOfSomebodyElseIsRefused) {
    MacChecker other(some_key(10), entropy_);
    EXPECT_FALSE(take(other.cookie_reply(stamped(start_), home_, start_), start_));
}

// The receiver index, bytes 4 to 7, only finds the peer.
TEST_F(CookieTest, EveryOtherByteOfAReplyCounts) {
    const auto genuine = checker_.cookie_reply(stamped(start_), home_, start_);
    for (std::size_t i = 0; i < cookie_reply_size; ++i) {
        if (i >= 4 && i < 8) continue;
        auto reply = genuine;
        reply[i] ^= 0x10;
        const auto view = CookieReplyView::parse(reply);
        EXPECT_EQ(view.has_value(), i >= 4) << i;
        if (!view) continue;
        EXPECT_FALSE(stamper_.consume(*view, start_)) << i;
    }
    EXPECT_TRUE(take(genuine, start_));
}

}  // namespace
}  // namespace wgns
