// ChaCha20-Poly1305 of a few messages at once: ChaCha20 a block a lane, whichever message it
// belongs to, and tags side by side, a message a lane.
//
// A template on `lanes` for the reason that chacha20_wide.h gives.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef WGNS_VERDICTS_ARE_PUBLIC
#include <valgrind/memcheck.h>
#endif

#include "base/vector_of.h"
#include "crypto/aead.h"
#include "crypto/aead_wide_kernel.h"
#include "crypto/chacha20_wide.h"
#include "crypto/poly1305_wide.h"

namespace wgns {

template <std::size_t lanes>
class WideBundle {
public:
    static constexpr std::size_t messages_max = lanes;
    // For each lane a block of key stream, and one of text.
    static constexpr std::size_t room_size = 2 * lanes * chacha20_block_size;

    static void seal(const std::uint32_t* key, AeadJob* jobs, std::size_t count,
                     std::uint8_t* room) {
        for_each(jobs, count, [&](AeadJob* some, std::size_t size) {
            WideBundle bundle(key, some, size, room);
            bundle.write_keys();
            bundle.add_streams([](const AeadJob&) { return true; });
            bundle.write_tags([](const AeadJob& job, std::size_t) -> Tagged {
                return {job.output, job.output + job.text_size};
            });
        });
    }
    static void open(const std::uint32_t* key, AeadJob* jobs, std::size_t count,
                     std::uint8_t* room) {
        for_each(jobs, count, [&](AeadJob* some, std::size_t size) {
            std::uint8_t tags[messages_max][aead_tag_size];
            WideBundle bundle(key, some, size, room);
            bundle.write_keys();
            bundle.write_tags([&](const AeadJob& job, std::size_t i) -> Tagged {
                return {job.input, tags[i]};
            });
            for (std::size_t i = 0; i < size; ++i)
                judge(some[i], tags[i]);
            // What is not authentic stays sealed.
            bundle.add_streams([](const AeadJob& job) { return job.authentic; });
        });
    }

private:
    using ChaCha20 = ChaCha20Wide<lanes>;
    using Poly1305 = Poly1305Wide<lanes / 2>;
    using Words = typename ChaCha20::Words;
    struct Tagged {
        const std::uint8_t* text;
        std::uint8_t* tag;
    };

    // Blocks of any messages, gathered until there is one for each lane.
    struct Gathered {
        typename ChaCha20::Blocks blocks;
        struct Last {
            std::size_t lane, size;
            std::uint8_t* to;
        } lasts[lanes];
        std::size_t count = 0, last_count = 0;
    };

    WideBundle(const std::uint32_t* key, AeadJob* jobs, std::size_t count, std::uint8_t* room)
        : key_(key), jobs_(jobs), count_(count), stream_(room), lasts_(room + room_size / 2) {}

    template <class Run>
    static void for_each(AeadJob* jobs, std::size_t count, Run run) {
        for (std::size_t size = 0; count != 0; jobs += size, count -= size)
            run(jobs, size = std::min(count, messages_max));
    }

    static void set_nonce(typename ChaCha20::Blocks& blocks, std::size_t lane, const AeadJob& job) {
        blocks.nonce_low[lane] = static_cast<std::uint32_t>(job.counter);
        blocks.nonce_high[lane] = static_cast<std::uint32_t>(job.counter >> 32);
    }

    // Block 0 of each message begins with its Poly1305 key (RFC 8439 section 2.6). The other lanes
    // are for the first blocks of text, whose key stream waits.
    void write_keys() const {
        typename ChaCha20::Blocks blocks{};
        std::memset(stream_, 0, room_size / 2);
        for (std::size_t lane = 0; lane < lanes; ++lane)
            blocks.from[lane] = blocks.to[lane] = stream_of(lane);
        std::size_t lane = count_;
        for (std::size_t i = 0; i < count_; ++i) {
            set_nonce(blocks, i, jobs_[i]);
            for (std::size_t at = 0; at < jobs_[i].text_size && lane < lanes; ++lane) {
                blocks.number[lane] = number_at(at);
                set_nonce(blocks, lane, jobs_[i]);
                at += chacha20_block_size;
            }
        }
        ChaCha20::add_stream(key_, blocks);
    }

    // To the texts of those that are `wanted`.
    template <class Wanted>
    void add_streams(Wanted wanted) const {
        Gathered gathered;
        std::size_t lane = count_;
        for (std::size_t i = 0; i < count_; ++i) {
            const AeadJob& job = jobs_[i];
            const bool is_wanted = wanted(job);
            std::size_t at = 0;
            for (; at < job.text_size && lane < lanes; at += chacha20_block_size, ++lane)
                if (is_wanted) add_waiting(job, at, stream_of(lane));
            if (!is_wanted) continue;
            for (; at + lanes * chacha20_block_size <= job.text_size;
                 at += lanes * chacha20_block_size)
                add_to_whole(job, at);
            for (; at < job.text_size; at += chacha20_block_size)
                gather(gathered, job, at);
        }
        if (gathered.count != 0) add_to_gathered(gathered);
    }

    static void add_waiting(const AeadJob& job, std::size_t at, const std::uint8_t* stream) {
        const std::uint8_t* const from = job.input + at;
        std::uint8_t* const to = job.output + at;
        const std::size_t size = std::min(chacha20_block_size, job.text_size - at);
        std::size_t done = add_pieces<Vector<std::uint8_t, 32>>(from, to, stream, 0, size);
        done = add_pieces<std::uint64_t>(from, to, stream, done, size);
        add_pieces<std::uint8_t>(from, to, stream, done, size);
    }
    // As many as there are whole ones from `at` on; returns where they end.
    template <class Piece>
    static std::size_t add_pieces(const std::uint8_t* from, std::uint8_t* to,
                                  const std::uint8_t* stream, std::size_t at, std::size_t end) {
        for (; at + sizeof(Piece) <= end; at += sizeof(Piece)) {
            Piece text, key;
            std::memcpy(&text, from + at, sizeof text);
            std::memcpy(&key, stream + at, sizeof key);
            text ^= key;
            std::memcpy(to + at, &text, sizeof text);
        }
        return at;
    }

    // A block for each lane, all of one message.
    void add_to_whole(const AeadJob& job, std::size_t at) const {
        typename ChaCha20::Blocks blocks;
        blocks.number = counting() + number_at(at);
        blocks.nonce_low = Words{} + static_cast<std::uint32_t>(job.counter);
        blocks.nonce_high = Words{} + static_cast<std::uint32_t>(job.counter >> 32);
        for (std::size_t i = 0; i < lanes; ++i) {
            blocks.from[i] = job.input + at + i * chacha20_block_size;
            blocks.to[i] = job.output + at + i * chacha20_block_size;
        }
        ChaCha20::add_stream(key_, blocks);
    }

    void gather(Gathered& gathered, const AeadJob& job, std::size_t at) const {
        const std::size_t lane = gathered.count++;
        auto& blocks = gathered.blocks;
        blocks.number[lane] = number_at(at);
        set_nonce(blocks, lane, job);
        blocks.from[lane] = job.input + at;
        blocks.to[lane] = job.output + at;
        if (const std::size_t size = job.text_size - at; size < chacha20_block_size) {
            gathered.lasts[gathered.last_count++] = {lane, size, job.output + at};
            blocks.from[lane] = blocks.to[lane] = last_of(lane);
            std::memcpy(last_of(lane), job.input + at, size);
        }
        if (gathered.count == lanes) add_to_gathered(gathered);
    }

    void add_to_gathered(Gathered& gathered) const {
        auto& blocks = gathered.blocks;
        for (std::size_t lane = gathered.count; lane < lanes; ++lane) {
            blocks.number[lane] = blocks.nonce_low[lane] = blocks.nonce_high[lane] = 0;
            blocks.from[lane] = blocks.to[lane] = last_of(lane);
        }
        ChaCha20::add_stream(key_, blocks);
        for (std::size_t i = 0; i < gathered.last_count; ++i) {
            const auto& last = gathered.lasts[i];
            std::memcpy(last.to, last_of(last.lane), last.size);
        }
        gathered.count = gathered.last_count = 0;
    }

    template <class Where>
    void write_tags(Where where) const {
        constexpr std::size_t together = lanes / 2;
        typename Poly1305::Message messages[messages_max];
        for (std::size_t i = 0; i < count_; ++i) {
            const Tagged tagged = where(jobs_[i], i);
            messages[i] = {stream_of(i), tagged.text, jobs_[i].text_size, tagged.tag};
        }
        for (std::size_t i = 0; i < count_; i += together)
            Poly1305::write_tags(messages + i, std::min(together, count_ - i));
    }

    static void judge(AeadJob& job, const std::uint8_t* tag) {
        std::uint64_t computed[2], received[2];
        std::memcpy(computed, tag, sizeof computed);
        std::memcpy(received, job.input + job.text_size, sizeof received);
        job.authentic = ((computed[0] ^ received[0]) | (computed[1] ^ received[1])) == 0;
#ifdef WGNS_VERDICTS_ARE_PUBLIC  // tests/constant_time
        VALGRIND_MAKE_MEM_DEFINED(&job.authentic, sizeof job.authentic);
#endif
    }

    static std::uint32_t number_at(std::size_t at) {
        return static_cast<std::uint32_t>(1 + at / chacha20_block_size);
    }
    static Words counting() {
        Words numbers;
        for (std::uint32_t i = 0; i < lanes; ++i)
            numbers[i] = i;
        return numbers;
    }
    [[nodiscard]] std::uint8_t* stream_of(std::size_t lane) const {
        return stream_ + lane * chacha20_block_size;
    }
    [[nodiscard]] std::uint8_t* last_of(std::size_t lane) const {
        return lasts_ + lane * chacha20_block_size;
    }

    const std::uint32_t* key_;
    AeadJob* jobs_;
    std::size_t count_;
    std::uint8_t* stream_;
    std::uint8_t* lasts_;
};

}  // namespace wgns
