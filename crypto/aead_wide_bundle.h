// ChaCha20-Poly1305 of a few messages at once: the key stream of all of them first, a block a lane,
// whichever message it belongs to; then their texts; and their tags side by side, a message a lane.
//
// A template on `lanes` for the reason that chacha20_wide.h gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/vector_of.h"
#include "crypto/aead.h"
#include "crypto/aead_wide_kernel.h"
#include "crypto/chacha20_wide.h"
#include "crypto/poly1305_wide.h"

namespace wgns {

template <std::size_t lanes>
class WideBundle {
public:
    static constexpr std::size_t messages_max = lanes / 2;
    // Key stream of the largest text, or of several smaller ones; the last blocks may be nobody's.
    static constexpr std::size_t blocks_max = 1 + wide_text_size_max / chacha20_block_size;
    static constexpr std::size_t stream_size = (blocks_max + lanes) * chacha20_block_size;

    static void seal(const std::uint32_t* key, AeadJob* jobs, std::size_t count,
                     std::uint8_t* stream) {
        for_each(jobs, count, [&](WideBundle bundle) {
            bundle.write_stream(key, stream);
            bundle.for_each_job(stream, [](const AeadJob& job, Message& message) {
                add_stream(job, message.key + chacha20_block_size);
                message.text = job.output;
                message.tag = job.output + job.text_size;
            });
            bundle.write_tags();
        });
    }
    static void open(const std::uint32_t* key, AeadJob* jobs, std::size_t count,
                     std::uint8_t* stream) {
        for_each(jobs, count, [&](WideBundle bundle) {
            Tag tags[messages_max];
            Tag* tag = tags;
            bundle.write_stream(key, stream);
            bundle.for_each_job(stream, [&](const AeadJob& job, Message& message) {
                message.text = job.input;
                message.tag = (tag++)->bytes;
            });
            bundle.write_tags();
            bundle.for_each_job(stream, [](AeadJob& job, const Message& message) {
                judge(job, message.tag);
                // What is not authentic stays sealed.
                if (job.authentic) add_stream(job, message.key + chacha20_block_size);
            });
        });
    }

private:
    using Message = typename Poly1305Wide<messages_max>::Message;
    struct Tag {
        std::uint8_t bytes[aead_tag_size];
    };

    WideBundle(AeadJob* jobs, std::size_t count, std::size_t blocks)
        : jobs_(jobs), count_(count), blocks_(blocks) {}

    // The Poly1305 key takes a block (RFC 8439 section 2.6).
    static std::size_t blocks_of(const AeadJob& job) {
        return 1 + (job.text_size + chacha20_block_size - 1) / chacha20_block_size;
    }

    template <class Run>
    static void for_each(AeadJob* jobs, std::size_t count, Run run) {
        while (count != 0) {
            std::size_t messages = 1, blocks = blocks_of(*jobs);
            while (messages < count && messages < messages_max &&
                   blocks + blocks_of(jobs[messages]) <= blocks_max)
                blocks += blocks_of(jobs[messages++]);
            run(WideBundle(jobs, messages, blocks));
            jobs += messages;
            count -= messages;
        }
    }

    void write_stream(const std::uint32_t* key, std::uint8_t* stream) const {
        typename ChaCha20Wide<lanes>::Blocks blocks;
        const AeadJob* job = jobs_;
        std::uint32_t number = 0;
        for (std::size_t lane = 0, left = blocks_; left != 0;) {
            blocks.number[lane] = number;
            blocks.nonce_low[lane] = static_cast<std::uint32_t>(job->counter);
            blocks.nonce_high[lane] = static_cast<std::uint32_t>(job->counter >> 32);
            if (++number == blocks_of(*job)) ++job, number = 0;
            --left;
            if (++lane < lanes && left != 0) continue;
            for (; lane < lanes; ++lane)
                blocks.number[lane] = blocks.nonce_low[lane] = blocks.nonce_high[lane] = 0;
            ChaCha20Wide<lanes>::write(key, blocks, stream);
            stream += lanes * chacha20_block_size;
            lane = 0;
        }
    }

    // With the message that belongs to each job; its key is the first block of its stream.
    template <class Run>
    void for_each_job(const std::uint8_t* stream, Run run) {
        for (std::size_t i = 0; i < count_; ++i) {
            messages_[i].key = stream;
            messages_[i].size = jobs_[i].text_size;
            run(jobs_[i], messages_[i]);
            stream += blocks_of(jobs_[i]) * chacha20_block_size;
        }
    }

    void write_tags() const { Poly1305Wide<messages_max>::write_tags(messages_, count_); }

    static void judge(AeadJob& job, const std::uint8_t* tag) {
        std::uint64_t computed[2], received[2];
        std::memcpy(computed, tag, sizeof computed);
        std::memcpy(received, job.input + job.text_size, sizeof received);
        job.authentic = ((computed[0] ^ received[0]) | (computed[1] ^ received[1])) == 0;
    }

    static void add_stream(const AeadJob& job, const std::uint8_t* stream) {
        using Octets = Vector<std::uint8_t, lanes * 4>;
        std::size_t at = 0;
        for (; at + sizeof(Octets) <= job.text_size; at += sizeof(Octets))
            add_stream_to<Octets>(job, stream, at);
        for (; at + sizeof(std::uint64_t) <= job.text_size; at += sizeof(std::uint64_t))
            add_stream_to<std::uint64_t>(job, stream, at);
        for (; at < job.text_size; ++at)
            add_stream_to<std::uint8_t>(job, stream, at);
    }
    template <class Piece>
    static void add_stream_to(const AeadJob& job, const std::uint8_t* stream, std::size_t at) {
        Piece text, key;
        std::memcpy(&text, job.input + at, sizeof text);
        std::memcpy(&key, stream + at, sizeof key);
        text ^= key;
        std::memcpy(job.output + at, &text, sizeof text);
    }

    AeadJob* jobs_;
    std::size_t count_;
    std::size_t blocks_;
    Message messages_[messages_max];
};

}  // namespace wgns
