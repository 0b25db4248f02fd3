#include "base/bytes.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace wgns {
namespace {

enum class Color : std::uint32_t { red = 0x01020304 };

constexpr std::array<std::uint8_t, 9> counting{0, 1, 2, 3, 4, 5, 6, 7, 8};

TEST(Load, LittleEndianAtUnalignedPlaces) {
    const Bytes at = Bytes(counting).subspan(1);
    EXPECT_EQ(load_le<std::uint8_t>(at), 0x01);
    EXPECT_EQ(load_le<std::uint16_t>(at), 0x0201);
    EXPECT_EQ(load_le<std::uint32_t>(at), 0x04030201u);
    EXPECT_EQ(load_le<std::uint64_t>(at), 0x0807060504030201u);
}

TEST(Load, BigEndianAtUnalignedPlaces) {
    const Bytes at = Bytes(counting).subspan(1);
    EXPECT_EQ(load_be<std::uint8_t>(at), 0x01);
    EXPECT_EQ(load_be<std::uint16_t>(at), 0x0102);
    EXPECT_EQ(load_be<std::uint32_t>(at), 0x01020304u);
    EXPECT_EQ(load_be<std::uint64_t>(at), 0x0102030405060708u);
}

TEST(Load, EnumsAndSignedNumbers) {
    EXPECT_EQ(load_be<Color>(Bytes(counting).subspan(1)), Color::red);
    const std::array<std::uint8_t, 2> minus_two{0xfe, 0xff};
    EXPECT_EQ(load_le<std::int16_t>(minus_two), -2);
}

TEST(Store, WritesItsOwnBytesOnly) {
    std::array<std::uint8_t, 6> bytes{};
    store_le(MutableBytes(bytes).subspan(1), std::uint32_t{0x04030201});
    EXPECT_EQ(bytes, (std::array<std::uint8_t, 6>{0, 1, 2, 3, 4, 0}));
    store_be(MutableBytes(bytes).subspan(1), std::uint16_t{0x0a0b});
    EXPECT_EQ(bytes, (std::array<std::uint8_t, 6>{0, 0x0a, 0x0b, 3, 4, 0}));
    store_be(MutableBytes(bytes).subspan(2), Color::red);
    EXPECT_EQ(bytes, (std::array<std::uint8_t, 6>{0, 0x0a, 1, 2, 3, 4}));
}

TEST(Store, RoundTripOfTheExtremes) {
    std::array<std::uint8_t, 8> bytes{};
    for (const std::uint64_t value :
         {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
        store_le(bytes, value);
        EXPECT_EQ(load_le<std::uint64_t>(bytes), value);
        store_be(bytes, value);
        EXPECT_EQ(load_be<std::uint64_t>(bytes), value);
    }
}

TEST(BytesDeathTest, TooShortIsABug) {
    std::array<std::uint8_t, 3> bytes{};
    EXPECT_DEATH(static_cast<void>(load_le<std::uint32_t>(bytes)), "sizeof");
    EXPECT_DEATH(static_cast<void>(load_be<std::uint64_t>(bytes)), "sizeof");
    EXPECT_DEATH(store_le(bytes, std::uint32_t{1}), "sizeof");
    EXPECT_DEATH(store_be(bytes, std::uint32_t{1}), "sizeof");
    EXPECT_DEATH(copy_bytes(bytes, counting), "size");
}

TEST(CopyBytes, FillsTheStart) {
    std::array<std::uint8_t, 4> to{9, 9, 9, 9};
    copy_bytes(to, Bytes(counting).subspan(1, 2));
    EXPECT_EQ(to, (std::array<std::uint8_t, 4>{1, 2, 9, 9}));
    copy_bytes(to, {});
    copy_bytes({}, {});
    EXPECT_EQ(to[0], 1);
}

TEST(BytesOf, SeesTheText) {
    const Bytes bytes = bytes_of(std::string_view("a\0\xff", 3));
    ASSERT_EQ(bytes.size(), 3u);
    EXPECT_EQ(bytes[0], 'a');
    EXPECT_EQ(bytes[1], 0);
    EXPECT_EQ(bytes[2], 0xff);
    EXPECT_TRUE(bytes_of("").empty());
}

}  // namespace
}  // namespace wgns
