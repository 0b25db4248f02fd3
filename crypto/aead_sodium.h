// The single message of RFC 8439 with all 12 bytes of its nonce free. Test vectors need that; the
// program uses aead.h, whose nonces are counters.
#pragma once

#include <array>

#include "crypto/aead.h"

namespace wgns {

using AeadNonce = std::array<std::uint8_t, 12>;

// Sizes and failure as aead_seal and aead_open have them.
void sodium_seal(const AeadKey& key, const AeadNonce& nonce, Bytes additional, Bytes plaintext,
                 MutableBytes sealed) noexcept;
[[nodiscard]] bool sodium_open(const AeadKey& key, const AeadNonce& nonce, Bytes additional,
                               Bytes sealed, MutableBytes plaintext) noexcept;

}  // namespace wgns
