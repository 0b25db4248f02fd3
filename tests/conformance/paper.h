// The initiator of the whitepaper's section 5.4, written down once more from hashes, curve and
// AEAD alone: what agrees with it agrees with the paper and not only with itself.
#pragma once

#include <cstdint>
#include <optional>

#include "crypto/hash.h"
#include "crypto/secret.h"
#include "crypto/tai64n.h"
#include "protocol/messages.h"

namespace wgns::conformance {

// The hash of the construction's name, and that of it with the identifier behind.
[[nodiscard]] Hash initial_chaining_key();
[[nodiscard]] Hash initial_hash();

class PaperInitiator {
public:
    PaperInitiator(PrivateKey own, const PublicKey& responder);

    [[nodiscard]] const PublicKey& public_key() const noexcept { return public_key_; }

    // Begins a new handshake. Its ephemeral key is made of `seed`.
    [[nodiscard]] InitiationMessage initiation(std::uint32_t index, Tai64n stamp,
                                               std::uint64_t seed);
    // Whether the response is one to the last initiation, under this preshared key.
    [[nodiscard]] bool accepts(const ResponseMessage& response, const PresharedKey& psk);
    // The keys that accepts() has left: of what we send, and of what we receive.
    [[nodiscard]] const AeadKey& send_key() const noexcept { return send_; }
    [[nodiscard]] const AeadKey& receive_key() const noexcept { return receive_; }
    // The first mac of a message to `receiver`.
    [[nodiscard]] static Mac mac1(Bytes message, const PublicKey& receiver);

private:
    void mix_hash(Bytes data);
    AeadKey mix_key(Bytes input);
    AeadKey mix_dh(const PrivateKey& own, const PublicKey& theirs);
    void seal(const AeadKey& key, Bytes text, MutableBytes sealed);

    PrivateKey secret_;
    PublicKey public_key_;
    PublicKey responder_;
    PrivateKey ephemeral_;
    Hash chaining_key_{};
    Hash hash_{};
    AeadKey send_;
    AeadKey receive_;
};

}  // namespace wgns::conformance
