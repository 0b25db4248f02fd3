// A backend held to libsodium, at every length and batch size. The vectors and the tampering are
// aead_test.cpp's.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/result.h"
#include "crypto/aead.h"
#include "tests/crypto/vectors.h"

namespace wgns {

class HeldToSodium {
public:
    static constexpr std::size_t text_size_max = 2048;

    // A machine that cannot use a backend gives its place to libsodium.
    explicit HeldToSodium(Result<std::unique_ptr<Aead>> made)
        : other_(made ? *std::move(made) : make_aead_sodium()) {}

    void check_every_length() const {
        for (std::size_t size = 0; size <= text_size_max; ++size)
            check({size});
    }
    void check_every_batch_size() const {
        for (std::size_t count = 1; count <= 130; ++count) {
            std::vector<std::size_t> sizes;
            for (std::size_t i = 0; i < count; ++i)
                sizes.push_back((i * 389 + count * 17) % (text_size_max + 1));
            check(sizes);
        }
    }
    void check_tampered() const {
        for (const std::size_t size : {1u, 63u, 64u, 65u, 1420u}) {
            Buffer memory = counting(room, 9);
            auto one = jobs({size}, memory);
            other_->seal(one);
            memory[size] ^= 1;  // the tag's first byte
            other_->open(one);
            EXPECT_FALSE(one[0].authentic);
            const Buffer plain = counting(room, 9);
            EXPECT_FALSE(std::equal(plain.begin(), at(plain, size), memory.begin())) << size;
        }
    }

private:
    using Buffer = std::vector<std::uint8_t>;
    static constexpr std::size_t room = text_size_max + aead_tag_size;

    static Buffer::const_iterator at(const Buffer& buffer, std::size_t offset) {
        return buffer.begin() + static_cast<std::ptrdiff_t>(offset);
    }

    // In place, one of `room` bytes a job, mostly under one key.
    std::vector<AeadJob> jobs(const std::vector<std::size_t>& sizes, Buffer& memory) const {
        std::vector<AeadJob> made(sizes.size());
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            made[i].key = i % 13 == 7 ? &second_ : &first_;
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
        reference_->seal(reference_jobs);
        other_->seal(other_jobs);
        ASSERT_TRUE(by_reference == by_other) << sizes.front() << " x " << sizes.size();
        other_->open(other_jobs);
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            ASSERT_TRUE(other_jobs[i].authentic) << sizes[i];
            ASSERT_TRUE(std::equal(at(plain, i * room), at(plain, i * room + sizes[i]),
                                   at(by_other, i * room)));
        }
    }

    std::unique_ptr<Aead> reference_ = make_aead_sodium();
    std::unique_ptr<Aead> other_;
    AeadKey first_{array_from_hex<32>(std::string(64, '1'))};
    AeadKey second_{array_from_hex<32>(std::string(64, '2'))};
};

}  // namespace wgns
