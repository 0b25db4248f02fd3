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

    // What differs between the blocks, a lane each: state words 12, 14 and 15 (word 13 is zero),
    // and where the text is that belongs to it, a block long.
    struct Blocks {
        Words number;
        Words nonce_low;
        Words nonce_high;
        const std::uint8_t* from[lanes];
        std::uint8_t* to[lanes];  // equal to `from`, or not overlapping it at all
    };

    // Writes each block's text with its key stream added.
    static void add_stream(const std::uint32_t* key, const Blocks& blocks) {
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
        for (std::size_t i = 0; i < 4; i += pieces_at_once)
            add_words(&x[4 * i], blocks, 16 * i);
    }

private:
    // Of 16 bytes of a block. Two where a register holds as many.
    static constexpr std::size_t pieces_at_once = sizeof(Words) > 16 ? 2 : 1;

    static void set_up(Words* x, const std::uint32_t* key, const Blocks& blocks) {
        constexpr std::uint32_t constants[] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
        for (int i = 0; i < 4; ++i)
            x[i] = Words{} + constants[i];
        for (std::size_t i = 0; i < chacha20_key_words; ++i)
            x[4 + i] = Words{} + key[i];
        x[12] = blocks.number;
        x[13] = Words{};
        x[14] = blocks.nonce_low;
        x[15] = blocks.nonce_high;
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

    // Four or eight words of each block, from `offset` on.
    static void add_words(const Words* x, const Blocks& blocks, std::size_t offset) {
        Words rows[4];
        transpose(x, rows);
        if constexpr (pieces_at_once == 1) {
            for (std::size_t k = 0; k < 4; ++k)
                add_pieces(rows[k], blocks, k, offset);
        } else {
            Words next[4];
            transpose(x + 4, next);
            for (std::size_t k = 0; k < 4; ++k) {
                add_pieces(join<0>(rows[k], next[k], Row()), blocks, k, offset);
                add_pieces(join<lanes / 2>(rows[k], next[k], Row()), blocks, k + lanes / 2, offset);
            }
        }
    }

    // Within every 128 bits: lane 4 i + k becomes piece i of row k.
    static void transpose(const Words* x, Words* rows) {
        const Words low01 = unpack_words<0>(x[0], x[1], Row());
        const Words low23 = unpack_words<0>(x[2], x[3], Row());
        const Words high01 = unpack_words<2>(x[0], x[1], Row());
        const Words high23 = unpack_words<2>(x[2], x[3], Row());
        rows[0] = unpack_pairs<0>(low01, low23, Row());
        rows[1] = unpack_pairs<2>(low01, low23, Row());
        rows[2] = unpack_pairs<0>(high01, high23, Row());
        rows[3] = unpack_pairs<2>(high01, high23, Row());
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
    // Pieces of one row and of the next by turns, from the piece of lane `from` on.
    template <std::size_t from, std::size_t... i>
    static Words join(Words a, Words b, std::index_sequence<i...>) {
        return __builtin_shufflevector(a, b,
                                       (from + i / 8 * 4 + i % 4 + (i % 8 / 4 ? lanes : 0))...);
    }
    // To every fourth block from `first` on.
    static void add_pieces(Words row, const Blocks& blocks, std::size_t first, std::size_t offset) {
        constexpr std::size_t size = 16 * pieces_at_once;
        using Piece = Vector<std::uint8_t, size>;
        for (std::size_t i = 0; i < sizeof(Words) / size; ++i) {
            const std::size_t block = first + 4 * i;
            Piece text, key;
            std::memcpy(&text, blocks.from[block] + offset, size);
            std::memcpy(&key, reinterpret_cast<const std::uint8_t*>(&row) + i * size, size);
            text ^= key;
            std::memcpy(blocks.to[block] + offset, &text, size);
        }
    }
};

}  // namespace wgns
