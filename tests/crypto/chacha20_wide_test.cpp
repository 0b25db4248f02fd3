// With the instructions that every CPU has.
#include "crypto/chacha20_wide.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <array>
#include <vector>

namespace wgns {
namespace {

TEST(ChaCha20Wide, WritesABlockALane) {
    constexpr std::size_t lanes = 4;
    std::array<std::uint32_t, chacha20_key_words> key;
    for (std::uint32_t i = 0; i < key.size(); ++i)
        key[i] = 0x01020304 * (i + 1);
    const ChaCha20Wide<lanes>::Blocks blocks{
        {0, 1, 0xffffffff, 7}, {1, 1, 2, 0xfffffffe}, {0, 0, 5, 0xffffffff}};
    std::array<std::uint8_t, lanes * chacha20_block_size> stream;
    ChaCha20Wide<lanes>::write(key.data(), blocks, stream.data());

    for (std::size_t i = 0; i < lanes; ++i) {
        const std::uint32_t nonce[] = {0, blocks.nonce_low[i], blocks.nonce_high[i]};
        std::array<std::uint8_t, chacha20_block_size> expected{};
        crypto_stream_chacha20_ietf_xor_ic(expected.data(), expected.data(), expected.size(),
                                           reinterpret_cast<const std::uint8_t*>(nonce),
                                           blocks.number[i],
                                           reinterpret_cast<const std::uint8_t*>(key.data()));
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(),
                               stream.begin() + static_cast<std::ptrdiff_t>(i * expected.size())))
            << i;
    }
}

}  // namespace
}  // namespace wgns
