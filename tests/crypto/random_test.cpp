#include "crypto/random.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/crypto/vectors.h"

namespace wgns {
namespace {

TEST(Entropy, NextU32IsFourBytesLittleEndian) {
    class CountingEntropy final : public Entropy {
    public:
        void fill(MutableBytes bytes) noexcept override {
            for (std::uint8_t& byte : bytes)
                byte = ++last_;
        }

    private:
        std::uint8_t last_ = 0;
    };
    CountingEntropy entropy;
    EXPECT_EQ(entropy.next_u32(), 0x04030201u);
    EXPECT_EQ(entropy.next_u32(), 0x08070605u);
}

TEST(SystemEntropy, FillsExactlyTheSpan) {
    SystemEntropy entropy;
    std::vector<std::uint8_t> bytes(66, 0);
    entropy.fill(MutableBytes(bytes).subspan(1, 64));
    EXPECT_EQ(bytes.front(), 0);
    EXPECT_EQ(bytes.back(), 0);
    // 64 random bytes hold more than 16 zeros with a chance below 2^-70.
    EXPECT_LE(std::count(bytes.begin() + 1, bytes.end() - 1, 0), 16);
    entropy.fill({});
}

TEST(SystemEntropy, DoesNotRepeat) {
    SystemEntropy entropy;
    std::set<std::vector<std::uint8_t>> seen;
    for (int i = 0; i < 1000; ++i) {
        std::vector<std::uint8_t> bytes(16);
        entropy.fill(bytes);
        EXPECT_TRUE(seen.insert(bytes).second);
    }
}

}  // namespace
}  // namespace wgns
