// With the instructions that every CPU has. Nobody else calls what is instantiated here.
#include "crypto/chacha20_wide.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <array>

namespace wgns {
namespace {

template <std::size_t lanes>
void check_a_block_a_lane() {
    std::array<std::uint32_t, chacha20_key_words> key;
    for (std::uint32_t i = 0; i < key.size(); ++i)
        key[i] = 0x01020304 * (i + 1);
    using Text = std::array<std::uint8_t, lanes * chacha20_block_size>;
    Text text, added{};
    for (std::size_t i = 0; i < text.size(); ++i)
        text[i] = static_cast<std::uint8_t>(i * 7);
    typename ChaCha20Wide<lanes>::Blocks blocks;
    // Not in their order: each is by itself.
    for (std::uint32_t i = 0; i < lanes; ++i) {
        blocks.number[i] = i * 0x55555555;
        blocks.nonce_low[i] = i * i;
        blocks.nonce_high[i] = ~i;
        blocks.from[i] = &text[(lanes - 1 - i) * chacha20_block_size];
        blocks.to[i] = &added[i * chacha20_block_size];
    }
    ChaCha20Wide<lanes>::add_stream(key.data(), blocks);

    for (std::size_t i = 0; i < lanes; ++i) {
        const std::uint32_t nonce[] = {0, blocks.nonce_low[i], blocks.nonce_high[i]};
        std::array<std::uint8_t, chacha20_block_size> expected{};
        crypto_stream_chacha20_ietf_xor_ic(expected.data(), blocks.from[i], expected.size(),
                                           reinterpret_cast<const std::uint8_t*>(nonce),
                                           blocks.number[i],
                                           reinterpret_cast<const std::uint8_t*>(key.data()));
        EXPECT_TRUE(std::equal(expected.begin(), expected.end(), blocks.to[i]))
            << i << " of " << lanes;
    }
}

TEST(ChaCha20Wide, AddsABlockALane) {
    check_a_block_a_lane<4>();
    check_a_block_a_lane<8>();
    check_a_block_a_lane<16>();
}

}  // namespace
}  // namespace wgns
