#include "crypto/aead_sodium.h"

#include <gtest/gtest.h>

#include "tests/crypto/vectors.h"

namespace wgns {
namespace {

using Buffer = std::vector<std::uint8_t>;

// The published vectors go through both functions in aead_test.cpp.

AeadKey some_key() {
    return AeadKey(array_from_hex<32>(std::string(64, '5')));
}

TEST(SodiumSeal, ACounterIsTheLastEightBytesOfTheNonce) {
    const Buffer plaintext = counting(50);
    Buffer by_counter(plaintext.size() + aead_tag_size);
    Buffer by_nonce(by_counter.size());
    aead_seal(some_key(), 0x0102030405060708, {}, plaintext, by_counter);
    const auto nonce = array_from_hex<12>("000000000807060504030201");
    sodium_seal(some_key(), nonce, {}, plaintext, by_nonce);
    EXPECT_EQ(by_counter, by_nonce);
}

TEST(SodiumOpen, EveryByteOfTheNonceCounts) {
    const Buffer plaintext = counting(20);
    const AeadNonce nonce = array_from_hex<12>("0102030405060708090a0b0c");
    Buffer sealed(plaintext.size() + aead_tag_size);
    Buffer opened(plaintext.size());
    sodium_seal(some_key(), nonce, {}, plaintext, sealed);
    ASSERT_TRUE(sodium_open(some_key(), nonce, {}, sealed, opened));
    EXPECT_EQ(opened, plaintext);
    for (std::size_t i = 0; i < nonce.size(); ++i) {
        AeadNonce other = nonce;
        other[i] ^= 1;
        EXPECT_FALSE(sodium_open(some_key(), other, {}, sealed, opened)) << i;
    }
}

TEST(SodiumDeathTest, SizesThatDoNotMatchAreABug) {
    Buffer small(aead_tag_size - 1);
    EXPECT_DEATH(sodium_seal(some_key(), AeadNonce{}, {}, {}, small), "bug");
    EXPECT_DEATH(static_cast<void>(sodium_open(some_key(), AeadNonce{}, {}, small, {})), "bug");
}

}  // namespace
}  // namespace wgns
