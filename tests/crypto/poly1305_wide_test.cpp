// With the instructions that every x86-64 has.
#if defined(__x86_64__)

#include "crypto/poly1305_wide.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <array>
#include <vector>

#include "tests/crypto/vectors.h"

namespace wgns {
namespace {

using Key = std::array<std::uint8_t, 32>;
using Tag = std::array<std::uint8_t, 16>;

struct Case {
    Key key;
    std::vector<std::uint8_t> text;
};

// RFC 8439 section 2.8: the text, padded with zeros, and both sizes.
Tag expected_tag(const Case& one) {
    std::vector<std::uint8_t> all = one.text;
    all.resize((one.text.size() + 15) / 16 * 16 + 16);
    const std::uint64_t size = one.text.size();
    store_le(MutableBytes(all).last(8), size);
    Tag tag;
    crypto_onetimeauth(tag.data(), all.data(), all.size(), one.key.data());
    return tag;
}

Key all_of(std::uint8_t byte) {
    Key key;
    key.fill(byte);
    return key;
}

std::vector<Case> cases() {
    const std::vector<std::uint8_t> ones(64, 0xff), none;
    Key two{}, one{};
    two[0] = 2;
    one[0] = 1;
    return {
        // 1, 2: as large as numbers become
        {all_of(0xff), ones},
        {all_of(0xff), std::vector<std::uint8_t>(1420, 0xff)},
        // 3 to 6: around the modulus, after the RFC's appendix A.3 (7 to 11)
        {two, ones},
        {one, ones},
        {one,
         {0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff}},
        {two,
         {0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff}},
        // 7, 8: nothing
        {all_of(0xff), none},
        {all_of(0), ones},
        // 9 to 12: no whole blocks
        {all_of(0x5a), counting(1)},
        {all_of(0x5a), counting(15)},
        {all_of(0x5a), counting(17)},
        {all_of(0x5a), counting(333)},
    };
}

// Each beside each other, so that one lane ends before the other in every way.
TEST(Poly1305Wide, WritesTheTagOfEachLane) {
    using Wide = Poly1305Wide<2>;
    const std::vector<Case> all = cases();
    for (std::size_t a = 0; a < all.size(); ++a) {
        for (std::size_t b = 0; b < all.size(); ++b) {
            Tag tags[2];
            const Wide::Message messages[] = {
                {all[a].key.data(), all[a].text.data(), all[a].text.size(), tags[0].data()},
                {all[b].key.data(), all[b].text.data(), all[b].text.size(), tags[1].data()}};
            Wide::write_tags(messages, 2);
            EXPECT_EQ(tags[0], expected_tag(all[a])) << a + 1 << " beside " << b + 1;
            EXPECT_EQ(tags[1], expected_tag(all[b])) << b + 1 << " beside " << a + 1;
        }
        Tag alone;
        const Wide::Message message{all[a].key.data(), all[a].text.data(), all[a].text.size(),
                                    alone.data()};
        Wide::write_tags(&message, 1);
        EXPECT_EQ(alone, expected_tag(all[a])) << a + 1;
    }
}

}  // namespace
}  // namespace wgns

#endif
