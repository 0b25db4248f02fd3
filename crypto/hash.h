// BLAKE2s (RFC 7693), HMAC over it (RFC 2104) and the key derivation of Noise (section 4.3), all by
// libb2.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "base/bytes.h"
#include "crypto/secret.h"

namespace wgns {

using Hash = std::array<std::uint8_t, 32>;
using Mac = std::array<std::uint8_t, 16>;

// BLAKE2s-256 over the parts, in order, as if they were one.
[[nodiscard]] Hash blake2s(std::initializer_list<Bytes> parts) noexcept;

// BLAKE2s with its own key, 16 bytes long: the whitepaper's MAC (5.4). `key` has 1 to 32 bytes.
[[nodiscard]] Mac blake2s_mac(Bytes key, std::initializer_list<Bytes> parts) noexcept;

// Keyed BLAKE2s-256. `key` has 1 to 32 bytes.
[[nodiscard]] Hash blake2s_keyed(Bytes key, std::initializer_list<Bytes> parts) noexcept;

// HMAC-BLAKE2s-256. A key longer than the 64-byte block is hashed first. The caller wipes a result
// that is secret.
[[nodiscard]] Hash hmac_blake2s(Bytes key, std::initializer_list<Bytes> parts) noexcept;

// Noise HKDF (section 4.3): fills 1, 2 or 3 outputs of 32 bytes each from the chaining key and the
// input. An output may be the chaining key itself. Temporaries are wiped.
void hkdf(std::span<const std::uint8_t, 32> chaining_key, Bytes input,
          std::initializer_list<std::span<std::uint8_t, 32>> outputs) noexcept;

}  // namespace wgns
