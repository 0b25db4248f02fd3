#include "paper.h"

#include "crypto/aead.h"
#include "crypto/x25519.h"
#include "tests/crypto/seeded_entropy.h"

namespace wgns::conformance {

namespace {

// The paper's KDF: up to three outputs.
std::array<Hash, 3> kdf(Bytes key, Bytes input) {
    const Hash secret = hmac_blake2s(key, {input});
    const std::array<std::uint8_t, 3> numbers{1, 2, 3};
    const Bytes number(numbers);
    std::array<Hash, 3> outputs;
    outputs[0] = hmac_blake2s(secret, {number.first(1)});
    outputs[1] = hmac_blake2s(secret, {outputs[0], number.subspan(1, 1)});
    outputs[2] = hmac_blake2s(secret, {outputs[1], number.subspan(2, 1)});
    return outputs;
}

}  // namespace

Hash initial_chaining_key() {
    return blake2s({bytes_of("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")});
}

Hash initial_hash() {
    return blake2s({initial_chaining_key(), bytes_of("WireGuard v1 zx2c4 Jason@zx2c4.com")});
}

PaperInitiator::PaperInitiator(PrivateKey own, const PublicKey& responder)
    : secret_(std::move(own)), public_key_(public_key_of(secret_)), responder_(responder) {}

void PaperInitiator::mix_hash(Bytes data) {
    hash_ = blake2s({hash_, data});
}

AeadKey PaperInitiator::mix_key(Bytes input) {
    const auto outputs = kdf(chaining_key_, input);
    chaining_key_ = outputs[0];
    return AeadKey(outputs[1]);
}

AeadKey PaperInitiator::mix_dh(const PrivateKey& own, const PublicKey& theirs) {
    const auto shared = x25519(own, theirs);
    WG_ASSERT(shared.has_value());
    return mix_key(shared->bytes());
}

void PaperInitiator::seal(const AeadKey& key, Bytes text, MutableBytes sealed) {
    aead_seal(key, 0, hash_, text, sealed);
    mix_hash(sealed);
}

InitiationMessage PaperInitiator::initiation(std::uint32_t index, Tai64n stamp,
                                             std::uint64_t seed) {
    SeededEntropy entropy(seed);
    ephemeral_ = generate_private_key(entropy);
    const PublicKey e = public_key_of(ephemeral_);
    chaining_key_ = initial_chaining_key();
    hash_ = initial_hash();
    mix_hash(responder_.bytes);

    InitiationMessage message{};
    const MutableBytes bytes(message);
    message[0] = 1;
    store_le(bytes.subspan(4), index);
    copy_bytes(bytes.subspan(8), e.bytes);
    static_cast<void>(mix_key(e.bytes));
    mix_hash(e.bytes);
    seal(mix_dh(ephemeral_, responder_), public_key_.bytes, bytes.subspan(40, 48));
    seal(mix_dh(secret_, responder_), stamp.bytes, bytes.subspan(88, 28));
    copy_bytes(bytes.subspan(116), mac1(message, responder_));
    return message;
}

bool PaperInitiator::accepts(const ResponseMessage& response, const PresharedKey& psk) {
    const Bytes bytes(response);
    PublicKey e;
    copy_bytes(e.bytes, bytes.subspan(12, 32));
    static_cast<void>(mix_key(e.bytes));
    mix_hash(e.bytes);
    static_cast<void>(mix_dh(ephemeral_, e));
    static_cast<void>(mix_dh(secret_, e));
    const auto [chaining_key, tau, key] = kdf(chaining_key_, psk.bytes());
    mix_hash(tau);
    if (!aead_open(AeadKey(key), 0, hash_, bytes.subspan(44, 16), {})) return false;
    const auto keys = kdf(chaining_key, {});
    send_ = AeadKey(keys[0]);
    receive_ = AeadKey(keys[1]);
    return true;
}

Mac PaperInitiator::mac1(Bytes message, const PublicKey& receiver) {
    return blake2s_mac(blake2s({bytes_of("mac1----"), receiver.bytes}),
                       {message.first(message.size() - 32)});
}

}  // namespace wgns::conformance
