#include "crypto/tai64n.h"

#include <gtest/gtest.h>

#include "tests/crypto/vectors.h"

namespace wgns {
namespace {

constexpr std::uint32_t slot = 1u << 24;  // nanoseconds
constexpr std::uint32_t slots_per_second = 60;

TEST(Tai64n, RoundsDown) {
    struct Case {
        WallTime time;
        const char* expected;
    };
    const Case cases[] = {
        /* 1 */ {{0, 0}, "400000000000000a00000000"},
        /* 2 */ {{0, slot - 1}, "400000000000000a00000000"},
        /* 3 */ {{0, slot}, "400000000000000a01000000"},
        /* 4 */ {{1, 0x12345678}, "400000000000000b12000000"},
        /* 5 */ {{0x65000000, 999'999'999}, "400000006500000a3b000000"},
        /* 6 */ {{0x100000000, 0}, "400000010000000a00000000"},
        /* 7 */ {{-11, 0}, "3fffffffffffffff00000000"},
    };
    int number = 0;
    for (const Case& c : cases) {
        SCOPED_TRACE(++number);
        EXPECT_EQ(to_hex(Tai64n::at(c.time).bytes), c.expected);
    }
}

TEST(Tai64n, IsOrderedAsTimeIs) {
    const Tai64n stamps[] = {
        Tai64n(),
        Tai64n::at({0, 0}),
        Tai64n::at({0, slot}),
        Tai64n::at({0, 999'999'999}),
        Tai64n::at({1, 0}),
        Tai64n::at({255, 0}),
        Tai64n::at({256, 0}),
        Tai64n::at({0x100000000, 0}),
    };
    for (std::size_t i = 1; i < std::size(stamps); ++i)
        EXPECT_LT(stamps[i - 1], stamps[i]) << i;
}

TEST(Tai64n, NextIsTheStampOfTheNextSlot) {
    for (std::uint32_t number = 0; number < slots_per_second; ++number) {
        SCOPED_TRACE(number);
        const Tai64n stamp = Tai64n::at({1000, number * slot});
        const bool is_last = number + 1 == slots_per_second;
        const WallTime following =
            is_last ? WallTime{1001, 0} : WallTime{1000, (number + 1) * slot};
        EXPECT_EQ(stamp.next(), Tai64n::at(following));
        EXPECT_GT(stamp.next(), stamp);
    }
}

TEST(Tai64n, NextRoundsAStampThatIsNot) {
    // A stamp as another implementation may send it, with all its nanoseconds.
    const Tai64n exact{array_from_hex<12>("400000000000000a01000001")};
    EXPECT_EQ(to_hex(exact.next().bytes), "400000000000000a02000000");
    const Tai64n impossible{array_from_hex<12>("400000000000000affffffff")};
    EXPECT_EQ(to_hex(impossible.next().bytes), "400000000000000b00000000");
    EXPECT_GT(Tai64n().next(), Tai64n());
}

}  // namespace
}  // namespace wgns
