// The two backends held to each other; the vectors and the tampering are aead_test.cpp's.
#include "crypto/aead_ipsecmb.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/crypto/vectors.h"

namespace wgns {
namespace {

using Buffer = std::vector<std::uint8_t>;

constexpr std::size_t text_size_max = 2048;
constexpr std::size_t room = text_size_max + aead_tag_size;

struct BothBackends : ::testing::Test {
    std::unique_ptr<Aead> reference = make_aead_sodium();
    std::unique_ptr<Aead> other = [] {
        auto made = make_aead_ipsecmb();
        return made ? *std::move(made) : make_aead_sodium();
    }();
    AeadKey first{array_from_hex<32>(std::string(64, '1'))};
    AeadKey second{array_from_hex<32>(std::string(64, '2'))};

    // In place, one of `room` bytes a job.
    std::vector<AeadJob> jobs(const std::vector<std::size_t>& sizes, Buffer& memory) const {
        std::vector<AeadJob> made(sizes.size());
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            made[i].key = i % 3 == 1 ? &second : &first;
            made[i].counter = (std::uint64_t{i} << 40) + sizes[i];
            made[i].input = made[i].output = memory.data() + i * room;
            made[i].text_size = static_cast<std::uint32_t>(sizes[i]);
        }
        return made;
    }

    void check(const std::vector<std::size_t>& sizes) const {
        const Buffer plain = counting(sizes.size() * room, 3);
        Buffer by_reference = plain, by_other = plain;
        auto reference_jobs = jobs(sizes, by_reference), other_jobs = jobs(sizes, by_other);
        reference->seal(reference_jobs);
        other->seal(other_jobs);
        ASSERT_TRUE(by_reference == by_other) << sizes.front() << " x " << sizes.size();
        other->open(other_jobs);
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            ASSERT_TRUE(other_jobs[i].authentic) << sizes[i];
            const auto at = static_cast<std::ptrdiff_t>(i * room);
            ASSERT_TRUE(std::equal(plain.begin() + at,
                                   plain.begin() + at + static_cast<std::ptrdiff_t>(sizes[i]),
                                   by_other.begin() + at));
        }
    }
};

TEST_F(BothBackends, AgreeAtEveryLength) {
    for (std::size_t size = 0; size <= text_size_max; ++size)
        check({size});
}

TEST_F(BothBackends, AgreeAtEveryBatchSizeWithMixedLengths) {
    for (std::size_t count = 1; count <= 130; ++count) {
        std::vector<std::size_t> sizes;
        for (std::size_t i = 0; i < count; ++i)
            sizes.push_back((i * 389 + count * 17) % (text_size_max + 1));
        check(sizes);
    }
}

TEST_F(BothBackends, ATamperedDatagramHoldsNothingOfUse) {
    for (const std::size_t size : {1u, 63u, 64u, 65u, 1420u}) {
        Buffer memory = counting(room, 9);
        auto one = jobs({size}, memory);
        other->seal(one);
        memory[size] ^= 1;  // the tag's first byte
        other->open(one);
        EXPECT_FALSE(one[0].authentic);
        const Buffer plain = counting(room, 9);
        EXPECT_FALSE(std::equal(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(size),
                                memory.begin()))
            << size;
    }
}

}  // namespace
}  // namespace wgns
