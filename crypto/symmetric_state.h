// The SymmetricState of Noise (revision 34, section 5.2) with WireGuard's ciphers: chaining key,
// transcript hash and the key of the moment.
#pragma once

#include <string_view>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/x25519.h"

namespace wgns {

// The two keys at the end of a handshake: `first` carries data from the initiator to the responder.
struct TransportKeys {
    AeadKey first;
    AeadKey second;
};

class SymmetricState {
public:
    // InitializeSymmetric(protocol_name), for a name longer than 32 bytes, then MixHash(prologue).
    SymmetricState(std::string_view protocol_name, std::string_view prologue) noexcept;

    SymmetricState(SymmetricState&&) noexcept = default;
    SymmetricState& operator=(SymmetricState&&) noexcept = default;
    // For working on a copy that is committed or thrown away.
    [[nodiscard]] SymmetricState duplicate() const noexcept;

    void mix_hash(Bytes data) noexcept;                       // MixHash
    void mix_ephemeral(const PublicKey& ephemeral) noexcept;  // e with psk: MixHash, MixKey
    [[nodiscard]] bool mix_dh(const PrivateKey& own,
                              const PublicKey& theirs) noexcept;  // false: zero result
    void mix_shared(const SharedSecret& shared) noexcept;         // MixKey of a DH computed before
    void mix_psk(const PresharedKey& psk) noexcept;               // MixKeyAndHash
    // EncryptAndHash and DecryptAndHash, each under a key that MixKey has just made, so the nonce
    // is 0; each success uses that key up. `sealed` has plaintext.size() + 16 bytes and does not
    // overlap `plaintext`.
    void seal(Bytes plaintext, MutableBytes sealed) noexcept;
    [[nodiscard]] bool open(Bytes sealed, MutableBytes plaintext) noexcept;  // false: not authentic
    [[nodiscard]] TransportKeys split() noexcept;  // Split; wipes the chaining key

    [[nodiscard]] const Hash& transcript() const noexcept { return hash_; }
    [[nodiscard]] const ChainingKey& chaining_key() const noexcept { return chaining_key_; }

private:
    SymmetricState() noexcept = default;
    void mix_key(Bytes input) noexcept;

    ChainingKey chaining_key_;
    Hash hash_{};
    AeadKey key_;  // zero: used up, or none yet
};

}  // namespace wgns
