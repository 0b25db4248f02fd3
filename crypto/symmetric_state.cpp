#include "crypto/symmetric_state.h"

namespace wgns {

SymmetricState::SymmetricState(std::string_view protocol_name, std::string_view prologue) noexcept
    : hash_(blake2s({bytes_of(protocol_name)})) {
    WG_ASSERT(protocol_name.size() > hash_.size());
    chaining_key_ = ChainingKey(hash_);
    mix_hash(bytes_of(prologue));
}

SymmetricState SymmetricState::duplicate() const noexcept {
    SymmetricState copy;
    copy.chaining_key_ = chaining_key_.duplicate();
    copy.hash_ = hash_;
    copy.key_ = key_.duplicate();
    return copy;
}

void SymmetricState::mix_hash(Bytes data) noexcept {
    hash_ = blake2s({hash_, data});
}

void SymmetricState::mix_ephemeral(const PublicKey& ephemeral) noexcept {
    mix_hash(ephemeral.bytes);
    mix_key(ephemeral.bytes);
}

bool SymmetricState::mix_dh(const PrivateKey& own, const PublicKey& theirs) noexcept {
    const auto shared = x25519(own, theirs);
    if (!shared) return false;
    mix_shared(*shared);
    return true;
}

void SymmetricState::mix_shared(const SharedSecret& shared) noexcept {
    mix_key(shared.bytes());
}

void SymmetricState::mix_key(Bytes input) noexcept {
    hkdf(chaining_key_.bytes(), input, {chaining_key_.mutable_bytes(), key_.mutable_bytes()});
}

void SymmetricState::mix_psk(const PresharedKey& psk) noexcept {
    Hash temporary;
    hkdf(chaining_key_.bytes(), psk.bytes(),
         {chaining_key_.mutable_bytes(), temporary, key_.mutable_bytes()});
    mix_hash(temporary);
    wipe(temporary);
}

void SymmetricState::seal(Bytes plaintext, MutableBytes sealed) noexcept {
    WG_ASSERT(!key_.is_zero());
    aead_seal(key_, 0, hash_, plaintext, sealed);
    key_.clear();
    mix_hash(sealed);
}

bool SymmetricState::open(Bytes sealed, MutableBytes plaintext) noexcept {
    WG_ASSERT(!key_.is_zero());
    if (!aead_open(key_, 0, hash_, sealed, plaintext)) return false;
    key_.clear();
    mix_hash(sealed);
    return true;
}

TransportKeys SymmetricState::split() noexcept {
    TransportKeys keys;
    hkdf(chaining_key_.bytes(), {}, {keys.first.mutable_bytes(), keys.second.mutable_bytes()});
    chaining_key_.clear();
    key_.clear();
    return keys;
}

}  // namespace wgns
