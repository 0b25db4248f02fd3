#include "dataplane/checksum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <random>
#include <vector>

namespace wgns {
namespace {

// RFC 1071 section 4.1, word by word.
std::uint16_t model(Bytes bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        const std::uint32_t low = i + 1 < bytes.size() ? bytes[i + 1] : 0u;
        sum += bytes[i] * 256u + low;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(sum);
}

std::uint16_t network_order(std::uint16_t folded) {
    const Bytes bytes{reinterpret_cast<const std::uint8_t*>(&folded), 2};
    return load_be<std::uint16_t>(bytes);
}

std::vector<std::uint8_t> random_bytes(std::size_t size) {
    std::mt19937 engine(static_cast<unsigned>(size));
    std::vector<std::uint8_t> bytes(size);
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(engine());
    return bytes;
}

TEST(Checksum, EqualsTheWordByWordSumAtEveryLengthAndAlignment) {
    const auto bytes = random_bytes(2200);
    for (std::size_t offset = 0; offset < 4; ++offset)
        for (std::size_t size = 0; size <= 2048; ++size) {
            const Bytes part = Bytes(bytes).subspan(offset, size);
            ASSERT_EQ(network_order(fold(sum_of(part))), model(part)) << offset << " " << size;
        }
}

TEST(Checksum, EqualsTheWordByWordSumOfLargeOnesWhereverTheyLie) {
    const auto bytes = random_bytes(70'000);
    std::mt19937 engine(1);
    for (int round = 0; round < 500; ++round) {
        const Bytes part = Bytes(bytes).subspan(engine() % 64).first(60'000 + engine() % 9'900);
        ASSERT_EQ(network_order(fold(sum_of(part))), model(part)) << round;
        std::vector<std::uint8_t> copy(64 + part.size());
        const MutableBytes to = MutableBytes(copy).subspan(engine() % 64, part.size());
        ASSERT_EQ(network_order(fold(copy_and_sum(to, part))), model(part)) << round;
        ASSERT_TRUE(std::equal(part.begin(), part.end(), to.begin())) << round;
    }
}

TEST(Checksum, NeverLosesACarry) {
    for (const std::size_t size : {64u, 1500u, 65'535u}) {
        const std::vector<std::uint8_t> ones(size, 0xff);
        EXPECT_EQ(network_order(fold(sum_of(ones))), model(ones)) << size;
    }
}

TEST(Checksum, CopiesWhatItSums) {
    const auto bytes = random_bytes(2048);
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        std::vector<std::uint8_t> copy(size + 1, 0xaa);
        const Sum sum = copy_and_sum(copy, Bytes(bytes).first(size));
        ASSERT_EQ(fold(sum), fold(sum_of(Bytes(bytes).first(size))));
        ASSERT_TRUE(std::equal(copy.begin(), copy.end() - 1, bytes.begin()));
        ASSERT_EQ(copy.back(), 0xaa);
    }
}

TEST(Checksum, SumsOfEvenPartsAddUp) {
    const auto bytes = random_bytes(1001);
    const Bytes whole(bytes);
    EXPECT_EQ(fold(sum_of(whole.first(40)) + sum_of(whole.subspan(40))), fold(sum_of(whole)));
}

TEST(Checksum, AStoredChecksumMakesTheWholeSumToOnes) {
    // RFC 1071 section 3's bytes and a field for the checksum.
    std::vector<std::uint8_t> bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0, 0};
    store_checksum(MutableBytes(bytes).subspan(8), sum_of(bytes), false);
    EXPECT_EQ(load_be<std::uint16_t>(Bytes(bytes).subspan(8)), 0x220d);
    EXPECT_EQ(fold(sum_of(bytes)), 0xffff);
}

TEST(Checksum, UdpNeverSaysNone) {
    std::array<std::uint8_t, 2> field{};
    const std::array<std::uint8_t, 2> ones{0xff, 0xff};
    store_checksum(field, sum_of(ones), true);
    EXPECT_EQ(load_be<std::uint16_t>(field), 0xffff);
    store_checksum(field, sum_of(ones), false);
    EXPECT_EQ(load_be<std::uint16_t>(field), 0);
}

TEST(Checksum, APseudoHeaderIsTheSumOfItsFields) {
    const std::array<std::uint8_t, 4> a{10, 0, 0, 1}, b{10, 0, 0, 2};
    const std::array<std::uint8_t, 12> written{10, 0, 0, 1, 10, 0, 0, 2, 0, 6, 0x12, 0x34};
    EXPECT_EQ(fold(pseudo_header_sum(a, b, 6, 0x1234)), fold(sum_of(written)));
    const std::array<std::uint8_t, 16> c{0xfd, 1}, d{0xfd, 2};
    std::vector<std::uint8_t> long_one(c.begin(), c.end());
    long_one.insert(long_one.end(), d.begin(), d.end());
    for (const int byte : {0, 1, 0x12, 0x34, 0, 0, 0, 17})
        long_one.push_back(static_cast<std::uint8_t>(byte));
    EXPECT_EQ(fold(pseudo_header_sum(c, d, 17, 0x11234)), fold(sum_of(long_one)));
}

}  // namespace
}  // namespace wgns
