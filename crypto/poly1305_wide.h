// Poly1305 (RFC 8439 section 2.5) of several messages at once, a 64-bit lane each, as the AEAD
// wants it: no additional data, the text padded with zeros, its size behind it (section 2.8).
//
// A template on `lanes` for the reason that chacha20_wide.h gives.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/vector_of.h"

namespace wgns {

template <std::size_t lanes>  // 2, 4 or 8
class Poly1305Wide {
public:
    // `key`: 32 bytes, r and s. `tag`: 16 bytes. Neither overlaps the text.
    struct Message {
        const std::uint8_t* key;
        const std::uint8_t* text;
        std::size_t size;
        std::uint8_t* tag;
    };

    // At most `lanes` messages, of any sizes.
    static void write_tags(const Message* messages, std::size_t count) {
        Poly1305Wide all;
        for (std::size_t i = 0; i < count; ++i)
            all.begin(i, messages[i]);
        while (const std::size_t steps = all.common_steps())
            all.take(steps);
    }

private:
    using Word = std::uint64_t;
    using Words = Vector<std::uint64_t, lanes * 8>;

    static constexpr std::size_t block_size = 16;
    static constexpr int limb_bits = 26, limb_count = 5;
    static constexpr Word limb_mask = (Word{1} << limb_bits) - 1;
    static constexpr Word whole_block = Word{1} << 24;  // 2^128, in the highest limb
    // Steps that are worth a square of r.
    static constexpr std::size_t pairs_from = 8;

    // Where a message's next blocks are: in its text, and then in `last`, which holds what of the
    // text is no whole block, and the block of sizes. None are left, or ever were: the lane is
    // idle.
    struct Cursor {
        const std::uint8_t* at;
        std::size_t blocks;
        std::size_t last_blocks;
        std::uint8_t last[2 * block_size];
        Message message;
    };

    static Word load(const std::uint8_t* at) {
        Word word;
        std::memcpy(&word, at, sizeof word);
        return word;
    }

    void begin(std::size_t lane, const Message& message) {
        // r with the bits cleared that section 2.5 clears, in limbs.
        const Word low = load(message.key) & 0x0ffffffc0fffffff;
        const Word high = load(message.key + 8) & 0x0ffffffc0ffffffc;
        r_[0][lane] = low & limb_mask;
        r_[1][lane] = (low >> 26) & limb_mask;
        r_[2][lane] = ((low >> 52) | (high << 12)) & limb_mask;
        r_[3][lane] = (high >> 14) & limb_mask;
        r_[4][lane] = high >> 40;

        Cursor& cursor = cursors_[lane];
        cursor.message = message;
        cursor.at = message.text;
        cursor.blocks = message.size / block_size;
        const std::size_t rest = message.size % block_size;
        if (rest != 0) std::memcpy(cursor.last, message.text + (message.size - rest), rest);
        cursor.last_blocks = rest == 0 ? 1 : 2;
        const Word size = message.size;
        std::memcpy(cursor.last + cursor.last_blocks * block_size - sizeof size, &size,
                    sizeof size);
        if (cursor.blocks == 0) go_to_last(cursor);
    }

    static void go_to_last(Cursor& cursor) {
        cursor.at = cursor.last;
        cursor.blocks = cursor.last_blocks;
        cursor.last_blocks = 0;
    }

    // Blocks that every lane has that is not idle; none when all are.
    [[nodiscard]] std::size_t common_steps() const {
        std::size_t steps = 0;
        for (const Cursor& cursor : cursors_)
            if (cursor.blocks != 0) steps = steps ? std::min(steps, cursor.blocks) : cursor.blocks;
        return steps;
    }

    void take(std::size_t steps) {
        multiply_add(steps);
        for (std::size_t i = 0; i < lanes; ++i) {
            Cursor& cursor = cursors_[i];
            if (cursor.blocks == 0) continue;
            cursor.blocks -= steps;
            cursor.at += steps * block_size;
            if (cursor.blocks != 0) continue;
            if (cursor.last_blocks != 0)
                go_to_last(cursor);
            else
                write_tag(i, cursor.message);
        }
    }

    // A number by which others are multiplied.
    struct Factor {
        Words limbs[limb_count];
        Words times_5[limb_count];  // for what is 2^130 and more

        void set(const Words* values) {
            for (int i = 0; i < limb_count; ++i) {
                limbs[i] = values[i];
                times_5[i] = values[i] * 5;
            }
        }
    };

    // h = (h + block) r, modulo 2^130 - 5. An idle lane reads what another does; its h is nobody's.
    void multiply_add(std::size_t steps) {
        const std::uint8_t* readable = nullptr;
        for (const Cursor& cursor : cursors_)
            if (cursor.blocks != 0) readable = cursor.at;
        const std::uint8_t* at[lanes];
        for (std::size_t i = 0; i < lanes; ++i)
            at[i] = cursors_[i].blocks != 0 ? cursors_[i].at : readable;
        // In local variables, which can be registers.
        Words h[limb_count];
        Factor r;
        r.set(r_);
        for (int i = 0; i < limb_count; ++i)
            h[i] = h_[i];
        std::size_t step = 0;
        if (steps >= pairs_from) {
            Factor r_squared;
            Words product[limb_count]{};
            add_product(product, r.limbs, r);
            carry_wide(product);
            r_squared.set(product);
            for (; step + 2 <= steps; step += 2)
                take_two(h, at, step * block_size, r, r_squared);
        }
        for (; step < steps; ++step)
            take_one(h, at, step * block_size, r);
        for (int i = 0; i < limb_count; ++i)
            h_[i] = h[i];
    }

    static void take_one(Words* h, const std::uint8_t* const* at, std::size_t offset,
                         const Factor& r) {
        Words block[limb_count], product[limb_count]{};
        load_limbs(at, offset, block);
        for (int i = 0; i < limb_count; ++i)
            block[i] += h[i];
        add_product(product, block, r);
        carry_wide(product);
        for (int i = 0; i < limb_count; ++i)
            h[i] = product[i];
    }
    // (h + block) r^2 + next block r: what carrying costs, half as often.
    static void take_two(Words* h, const std::uint8_t* const* at, std::size_t offset,
                         const Factor& r, const Factor& r_squared) {
        Words block[limb_count], product[limb_count]{};
        load_limbs(at, offset, block);
        for (int i = 0; i < limb_count; ++i)
            block[i] += h[i];
        add_product(product, block, r_squared);
        load_limbs(at, offset + block_size, block);
        add_product(product, block, r);
        carry_wide(product);
        for (int i = 0; i < limb_count; ++i)
            h[i] = product[i];
    }

    // Called twice before a carry: limbs below 2^28 times five below 2^29 stay below 2^61.
    static void add_product(Words* product, const Words* a, const Factor& b) {
        for (int i = 0; i < limb_count; ++i)
            for (int j = 0; j < limb_count; ++j)
                product[j] +=
                    multiply(a[i], j >= i ? b.limbs[j - i] : b.times_5[j - i + limb_count]);
    }

    // Two chains side by side. What is left in a limb fits 32 bits with a block added.
    static void carry_wide(Words* d) {
        carry_limb(d, 0, 1);
        carry_limb(d, 3, 4);
        carry_limb(d, 1, 2);
        d[0] += (d[4] >> limb_bits) * 5;
        d[4] &= limb_mask;
        carry_limb(d, 2, 3);
        carry_limb(d, 0, 1);
        carry_limb(d, 3, 4);
    }
    static void carry_limb(Words* d, int from, int to) {
        d[to] += d[from] >> limb_bits;
        d[from] &= limb_mask;
    }

    static void load_limbs(const std::uint8_t* const* at, std::size_t offset, Words* limbs) {
        Words low, high;
        load_blocks(at, offset, low, high);
        limbs[0] = low & limb_mask;
        limbs[1] = (low >> 26) & limb_mask;
        limbs[2] = ((low >> 52) | (high << 12)) & limb_mask;
        limbs[3] = (high >> 14) & limb_mask;
        limbs[4] = (high >> 40) | whole_block;
    }

    // The lower halves of each lane alone.
    static Words multiply(Words a, Words b) {
        if constexpr (lanes == 2)
            return as<Words>(_mm_mul_epu32(as<__m128i>(a), as<__m128i>(b)));
        else if constexpr (lanes == 4)
            return as<Words>(_mm256_mul_epu32(as<__m256i>(a), as<__m256i>(b)));
        else
            return as<Words>(_mm512_mul_epu32(as<__m512i>(a), as<__m512i>(b)));
    }

    // The lower and the upper half of a block of each message.
    static void load_blocks(const std::uint8_t* const* at, std::size_t offset, Words& low,
                            Words& high) {
        const auto block = [&](std::size_t i) {
            return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at[i] + offset));
        };
        if constexpr (lanes == 2) {
            low = as<Words>(_mm_unpacklo_epi64(block(0), block(1)));
            high = as<Words>(_mm_unpackhi_epi64(block(0), block(1)));
        } else if constexpr (lanes == 4) {
            const __m256i even = _mm256_set_m128i(block(2), block(0));
            const __m256i odd = _mm256_set_m128i(block(3), block(1));
            low = as<Words>(_mm256_unpacklo_epi64(even, odd));
            high = as<Words>(_mm256_unpackhi_epi64(even, odd));
        } else {
            const auto every_other = [&](std::size_t i) {
                __m512i blocks = _mm512_castsi128_si512(block(i));
                blocks = _mm512_inserti32x4(blocks, block(i + 2), 1);
                blocks = _mm512_inserti32x4(blocks, block(i + 4), 2);
                return _mm512_inserti32x4(blocks, block(i + 6), 3);
            };
            const __m512i even = every_other(0), odd = every_other(1);
            low = as<Words>(_mm512_unpacklo_epi64(even, odd));
            high = as<Words>(_mm512_unpackhi_epi64(even, odd));
        }
    }
    template <class To, class From>
    static To as(From vector) {
        return reinterpret_cast<To>(vector);
    }

    // (h mod 2^130 - 5) + s, modulo 2^128.
    void write_tag(std::size_t lane, const Message& message) const {
        Word h[limb_count];
        for (int i = 0; i < limb_count; ++i)
            h[i] = h_[i][lane];
        carry(h);
        carry(h);
        Word reduced[limb_count] = {h[0] + 5, h[1], h[2], h[3], h[4]};
        for (int i = 0; i + 1 < limb_count; ++i) {
            reduced[i + 1] += reduced[i] >> limb_bits;
            reduced[i] &= limb_mask;
        }
        // All ones where h + 5 reached 2^130, which means that h was not below the modulus.
        const Word is_reduced = Word{0} - (reduced[4] >> limb_bits);
        for (int i = 0; i < limb_count; ++i)
            h[i] = (h[i] & ~is_reduced) | (reduced[i] & is_reduced);
        Word low = h[0] | (h[1] << 26) | (h[2] << 52);
        Word high = (h[2] >> 12) | (h[3] << 14) | (h[4] << 40);
        const Word s_low = load(message.key + 16), s_high = load(message.key + 24);
        low += s_low;
        high += s_high + (low < s_low ? 1 : 0);
        std::memcpy(message.tag, &low, sizeof low);
        std::memcpy(message.tag + sizeof low, &high, sizeof high);
    }
    static void carry(Word* h) {
        for (int i = 0; i + 1 < limb_count; ++i) {
            h[i + 1] += h[i] >> limb_bits;
            h[i] &= limb_mask;
        }
        h[0] += (h[4] >> limb_bits) * 5;
        h[4] &= limb_mask;
    }

    Words h_[limb_count]{};
    Words r_[limb_count]{};
    Cursor cursors_[lanes]{};
};

}  // namespace wgns
