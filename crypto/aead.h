// ChaCha20-Poly1305 (RFC 8439) over batches: one interface, several backends, chosen at start by
// what the CPU has. The unit of work is a train: many datagrams, each with its own counter, mostly
// under one key.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/secret.h"

namespace wgns {

// One datagram's worth. The nonce is 4 zero bytes and the counter, little-endian
// (whitepaper 5.4.6).
struct AeadJob {
    const AeadKey* key = nullptr;  // outlives the call
    std::uint64_t counter = 0;
    const std::uint8_t* input = nullptr;
    std::uint8_t* output = nullptr;  // equal to `input`, or not overlapping it at all
    std::uint32_t text_size = 0;     // plaintext bytes. Sealed text is text_size + aead_tag_size
    bool authentic = false;          // set by open; when false, `output` holds nothing of use
};

inline constexpr std::size_t aead_tag_size = 16;

class Aead {
public:
    virtual ~Aead() = default;
    // "wide", "ipsecmb", "sodium": as --aead and status spell it.
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;

    // seal: reads text_size bytes at input, writes text_size + 16 at output.
    // open: reads text_size + 16 bytes at input, writes text_size at output, sets `authentic`.
    // No additional data. Jobs are independent of each other; an empty text is allowed.
    // One thread at a time: each worker has its own Aead.
    virtual void seal(std::span<AeadJob> jobs) noexcept = 0;
    virtual void open(std::span<AeadJob> jobs) noexcept = 0;
};

[[nodiscard]] std::unique_ptr<Aead> make_aead_sodium();

// A single message with additional data, for the handshake. `sealed` has plaintext.size() + 16
// bytes.
void aead_seal(const AeadKey& key, std::uint64_t counter, Bytes additional, Bytes plaintext,
               MutableBytes sealed) noexcept;
// `plaintext` has sealed.size() - 16 bytes; `sealed` at least 16. False: not authentic, and
// `plaintext` holds nothing of use.
[[nodiscard]] bool aead_open(const AeadKey& key, std::uint64_t counter, Bytes additional,
                             Bytes sealed, MutableBytes plaintext) noexcept;

// XChaCha20-Poly1305 with its 24-byte nonce, for cookies (whitepaper 5.4.7). Sizes as above.
void xaead_seal(const AeadKey& key, std::span<const std::uint8_t, 24> nonce, Bytes additional,
                Bytes plaintext, MutableBytes sealed) noexcept;
[[nodiscard]] bool xaead_open(const AeadKey& key, std::span<const std::uint8_t, 24> nonce,
                              Bytes additional, Bytes sealed, MutableBytes plaintext) noexcept;

}  // namespace wgns
