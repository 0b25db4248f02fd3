// X25519 (RFC 7748) and the text form of keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/random.h"
#include "crypto/secret.h"

namespace wgns {

// A new private key, clamped.
[[nodiscard]] PrivateKey generate_private_key(Entropy& entropy) noexcept;
[[nodiscard]] PresharedKey generate_preshared_key(Entropy& entropy) noexcept;
[[nodiscard]] PublicKey public_key_of(const PrivateKey& key) noexcept;

// The shared secret, or nullopt when it is all zeros (a point of low order): whoever gets nullopt
// must abort.
[[nodiscard]] std::optional<SharedSecret> x25519(const PrivateKey& own,
                                                 const PublicKey& theirs) noexcept;

// Base64 as `wg` has it: exactly 44 characters, the last one '=', 32 bytes. Decodes in constant
// time.
[[nodiscard]] bool parse_key(std::string_view base64, std::span<std::uint8_t, 32> out) noexcept;
[[nodiscard]] std::string key_to_base64(std::span<const std::uint8_t, 32> key);

// Lower-case hexadecimal, as UAPI has it: exactly 64 digits, either case read.
[[nodiscard]] bool parse_hex_key(std::string_view hex, std::span<std::uint8_t, 32> out) noexcept;
[[nodiscard]] std::string key_to_hex(std::span<const std::uint8_t, 32> key);

}  // namespace wgns
