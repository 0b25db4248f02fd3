#include "crypto/secret.h"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <type_traits>

#include "tests/crypto/vectors.h"

namespace wgns {
namespace {

template <class T>
concept EqualityComparable = requires(const T& a, const T& b) {
    a == b;
};
template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
    out << value;
};

static_assert(!std::is_copy_constructible_v<PrivateKey>);
static_assert(!std::is_copy_assignable_v<PrivateKey>);
static_assert(std::is_nothrow_move_constructible_v<PrivateKey>);
static_assert(std::is_nothrow_move_assignable_v<PrivateKey>);
static_assert(!EqualityComparable<PrivateKey>);
static_assert(!Printable<PrivateKey>);
static_assert(!std::is_constructible_v<PrivateKey, PresharedKey>);
static_assert(!std::is_assignable_v<PrivateKey&, PresharedKey>);
static_assert(!std::is_convertible_v<std::span<const std::uint8_t, 32>, PrivateKey>);

PrivateKey sample() {
    return PrivateKey(std::span<const std::uint8_t, 32>(counting(32, 1)));
}

bool is_sample(const PrivateKey& key) {
    return equal_constant_time(key.bytes(), counting(32, 1));
}

TEST(Wipe, WritesZeros) {
    std::vector<std::uint8_t> bytes = counting(70, 1);
    wipe(MutableBytes(bytes).subspan(1, 68));
    EXPECT_EQ(bytes.front(), 1);
    EXPECT_EQ(bytes.back(), 70);
    EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 0), 68);
    wipe({});
}

TEST(EqualConstantTime, SeesEveryBit) {
    const std::vector<std::uint8_t> a = counting(32);
    EXPECT_TRUE(equal_constant_time(a, counting(32)));
    EXPECT_TRUE(equal_constant_time({}, {}));
    for (std::size_t bit = 0; bit < 256; ++bit) {
        std::vector<std::uint8_t> b = a;
        b[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
        EXPECT_FALSE(equal_constant_time(a, b)) << bit;
    }
}

TEST(EqualConstantTimeDeathTest, RefusesDifferentSizes) {
    EXPECT_DEATH((void)equal_constant_time(counting(3), counting(4)), "bug");
}

TEST(Secret, IsZeroUntilSet) {
    PrivateKey key;
    EXPECT_TRUE(key.is_zero());
    key.mutable_bytes()[31] = 1;
    EXPECT_FALSE(key.is_zero());
    key.clear();
    EXPECT_TRUE(key.is_zero());
}

TEST(Secret, IsWipedWhenMovedFrom) {
    PrivateKey first = sample();
    PrivateKey second(std::move(first));
    EXPECT_TRUE(first.is_zero());
    EXPECT_TRUE(is_sample(second));
    PrivateKey third;
    third = std::move(second);
    EXPECT_TRUE(second.is_zero());
    EXPECT_TRUE(is_sample(third));
}

TEST(Secret, OutlivesMoveToItself) {
    PrivateKey key = sample();
    PrivateKey& same = key;
    key = std::move(same);
    EXPECT_TRUE(is_sample(key));
}

TEST(Secret, IsOverwrittenByMove) {
    PrivateKey key = sample();
    key = PrivateKey();
    EXPECT_TRUE(key.is_zero());
}

TEST(Secret, DuplicatesOnlyWhenAsked) {
    const PrivateKey key = sample();
    PrivateKey copy = key.duplicate();
    EXPECT_TRUE(is_sample(copy));
    copy.clear();
    EXPECT_TRUE(is_sample(key));
}

TEST(Secret, IsWipedWhenDestroyed) {
    alignas(PrivateKey) std::uint8_t place[sizeof(PrivateKey)];
    // Volatile, so that the compiler must look at the memory of the object that is gone.
    const volatile std::uint8_t* const memory = place;
    PrivateKey* const key = std::construct_at(reinterpret_cast<PrivateKey*>(place), sample());
    EXPECT_EQ(memory[0], 1);
    EXPECT_EQ(memory[31], 32);
    std::destroy_at(key);
    for (std::size_t i = 0; i < sizeof place; ++i)
        EXPECT_EQ(memory[i], 0) << i;
}

TEST(PublicKey, IsOrderedByItsBytes) {
    PublicKey low;
    PublicKey high;
    low.bytes[31] = 0xff;
    high.bytes[0] = 1;
    EXPECT_LT(low, high);
    EXPECT_EQ(low, low);
    EXPECT_NE(low, high);
}

}  // namespace
}  // namespace wgns
