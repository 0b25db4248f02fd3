// ChaCha20 (RFC 8439 section 2.3) in vector registers: a state word of many blocks in one register,
// one block a lane. The blocks may belong to different messages under one key.
//
// For the files of aead_wide that are compiled for particular instructions: everything is a
// template on `lanes`, which no two of them share, so that no code of theirs is taken for others'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/vector_of.h"

namespace wgns {

inline constexpr std::size_t chacha20_block_size = 64;
inline constexpr std::size_t chacha20_key_words = 8;

template <std::size_t lanes>
struct ChaCha20Wide {
    using Words = Vector<std::uint32_t, lanes * 4>;
    using Row = std::make_index_sequence<lanes>;

    // What differs between the blocks, a lane each: state words 12, 14 and 15. Word 13 is zero.
    struct Blocks {
        alignas(Words) std::uint32_t number[lanes];
        alignas(Words) std::uint32_t nonce_low[lanes];
        alignas(Words) std::uint32_t nonce_high[lanes];
    };

    // Writes `lanes` blocks of key stream, one behind the other.
    static void write(const std::uint32_t* key, const Blocks& blocks, std::uint8_t* stream) {
        Words x[16];
        set_up(x, key, blocks);
        for (int i = 0; i < 10; ++i) {
            quarter_rounds<0, 4, 8, 12, 1, 5, 9, 13>(x);
            quarter_rounds<2, 6, 10, 14, 3, 7, 11, 15>(x);
            quarter_rounds<0, 5, 10, 15, 1, 6, 11, 12>(x);
            quarter_rounds<2, 7, 8, 13, 3, 4, 9, 14>(x);
        }
        Words start[16];
        set_up(start, key, blocks);
        for (int i = 0; i < 16; ++i)
            x[i] += start[i];
        for (int i = 0; i < 4; ++i)
            store(&x[4 * i], stream + 16 * i);
    }

private:
    static Words load(const std::uint32_t* words) {
        Words loaded;
        std::memcpy(&loaded, words, sizeof loaded);
        return loaded;
    }

    static void set_up(Words* x, const std::uint32_t* key, const Blocks& blocks) {
        constexpr std::uint32_t constants[] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
        for (int i = 0; i < 4; ++i)
            x[i] = Words{} + constants[i];
        for (std::size_t i = 0; i < chacha20_key_words; ++i)
            x[4 + i] = Words{} + key[i];
        x[12] = load(blocks.number);
        x[13] = Words{};
        x[14] = load(blocks.nonce_low);
        x[15] = load(blocks.nonce_high);
    }

    // By whole bytes it is a permutation of them, where the instructions have no rotation.
    template <int bits>
    static Words rotate_left(Words x) {
        if constexpr (bits % 8 == 0 && sizeof(Words) == 32)
            return rotate_bytes<bits / 8>(x, std::make_index_sequence<sizeof(Words)>());
        return (x << bits) | (x >> (32 - bits));
    }
    template <std::size_t count, std::size_t... i>
    static Words rotate_bytes(Words x, std::index_sequence<i...>) {
        using Octets = Vector<std::uint8_t, sizeof(Words)>;
        const auto octets = reinterpret_cast<Octets>(x);
        return reinterpret_cast<Words>(
            __builtin_shufflevector(octets, octets, (i / 4 * 4 + (i + 4 - count) % 4)...));
    }

    // Two at a time: as many as leave room for their words in 16 registers.
    template <int a, int b, int c, int d, int e, int f, int g, int h>
    static void quarter_rounds(Words* x) {
        add_xor_rotate<16, a, b, d>(x);
        add_xor_rotate<16, e, f, h>(x);
        add_xor_rotate<12, c, d, b>(x);
        add_xor_rotate<12, g, h, f>(x);
        add_xor_rotate<8, a, b, d>(x);
        add_xor_rotate<8, e, f, h>(x);
        add_xor_rotate<7, c, d, b>(x);
        add_xor_rotate<7, g, h, f>(x);
    }
    template <int bits, int a, int b, int d>
    static void add_xor_rotate(Words* x) {
        x[a] += x[b];
        x[d] = rotate_left<bits>(x[d] ^ x[a]);
    }

    // Four words of each block, transposed within every 128 bits: lane 4 i + k is piece i of row k.
    static void store(const Words* x, std::uint8_t* stream) {
        const Words low01 = unpack_words<0>(x[0], x[1], Row());
        const Words low23 = unpack_words<0>(x[2], x[3], Row());
        const Words high01 = unpack_words<2>(x[0], x[1], Row());
        const Words high23 = unpack_words<2>(x[2], x[3], Row());
        store_row(unpack_pairs<0>(low01, low23, Row()), stream);
        store_row(unpack_pairs<2>(low01, low23, Row()), stream + chacha20_block_size);
        store_row(unpack_pairs<0>(high01, high23, Row()), stream + 2 * chacha20_block_size);
        store_row(unpack_pairs<2>(high01, high23, Row()), stream + 3 * chacha20_block_size);
    }
    template <std::size_t from, std::size_t... i>
    static Words unpack_words(Words a, Words b, std::index_sequence<i...>) {
        return __builtin_shufflevector(a, b,
                                       (i / 4 * 4 + from + i % 4 / 2 + (i % 2 ? lanes : 0))...);
    }
    template <std::size_t from, std::size_t... i>
    static Words unpack_pairs(Words a, Words b, std::index_sequence<i...>) {
        return __builtin_shufflevector(a, b,
                                       (i / 4 * 4 + from + i % 2 + (i % 4 / 2 ? lanes : 0))...);
    }
    static void store_row(Words row, std::uint8_t* stream) {
        constexpr std::size_t piece_size = 16;
        for (std::size_t i = 0; i < lanes / 4; ++i)
            std::memcpy(stream + 4 * i * chacha20_block_size,
                        reinterpret_cast<const std::uint8_t*>(&row) + i * piece_size, piece_size);
    }
};

}  // namespace wgns
