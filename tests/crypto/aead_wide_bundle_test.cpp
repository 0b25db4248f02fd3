// With the instructions that every x86-64 has.
#if defined(__x86_64__)

#include "crypto/aead_wide_bundle.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/crypto/vectors.h"

namespace wgns {
namespace {

// Of sizes that never fit a bundle evenly.
TEST(WideBundle, SealsAndOpensWhatTheSingleFunctionDoes) {
    using Bundle = WideBundle<4>;
    const AeadKey key(array_from_hex<32>(std::string(64, '3')));
    std::uint32_t words[chacha20_key_words];
    std::memcpy(words, key.bytes().data(), sizeof words);
    std::vector<std::uint8_t> room(Bundle::room_size);
    for (const std::size_t count : {1u, 2u, 3u, 9u}) {
        std::vector<std::vector<std::uint8_t>> plain, sealed;
        std::vector<AeadJob> jobs(count);
        for (std::size_t i = 0; i < count; ++i) {
            plain.push_back(counting(i * 131 % 500, static_cast<std::uint8_t>(i)));
            sealed.push_back(plain[i]);
            sealed[i].resize(plain[i].size() + aead_tag_size);
        }
        for (std::size_t i = 0; i < count; ++i)
            jobs[i] = {.key = nullptr,
                       .counter = i << 33,
                       .input = sealed[i].data(),
                       .output = sealed[i].data(),
                       .text_size = static_cast<std::uint32_t>(plain[i].size())};
        Bundle::seal(words, jobs.data(), count, room.data());
        for (std::size_t i = 0; i < count; ++i) {
            std::vector<std::uint8_t> expected(sealed[i].size());
            aead_seal(key, i << 33, {}, plain[i], expected);
            EXPECT_EQ(sealed[i], expected) << i << " of " << count;
        }
        sealed[count - 1].back() ^= 1;
        Bundle::open(words, jobs.data(), count, room.data());
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_EQ(jobs[i].authentic, i != count - 1) << i << " of " << count;
            sealed[i].resize(plain[i].size());
            EXPECT_EQ(sealed[i] == plain[i], jobs[i].authentic || plain[i].empty()) << i;
        }
    }
}

}  // namespace
}  // namespace wgns

#endif
