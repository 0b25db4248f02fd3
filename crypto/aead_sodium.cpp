// The backend that is always there.
#include "crypto/aead_sodium.h"

#include "crypto/sodium_start.h"

namespace wgns {

namespace {

AeadNonce nonce_of(std::uint64_t counter) noexcept {
    AeadNonce nonce{};
    store_le(MutableBytes(nonce).subspan(4), counter);
    return nonce;
}

class AeadSodium final : public Aead {
public:
    AeadSodium() noexcept { start_sodium(); }

    [[nodiscard]] std::string_view name() const noexcept override { return "sodium"; }

    void seal(std::span<AeadJob> jobs) noexcept override {
        for (AeadJob& job : jobs) {
            WG_ASSERT(job.key != nullptr);
            const AeadNonce nonce = nonce_of(job.counter);
            crypto_aead_chacha20poly1305_ietf_encrypt(job.output, nullptr, job.input, job.text_size,
                                                      nullptr, 0, nullptr, nonce.data(),
                                                      job.key->bytes().data());
        }
    }

    void open(std::span<AeadJob> jobs) noexcept override {
        for (AeadJob& job : jobs) {
            WG_ASSERT(job.key != nullptr);
            const AeadNonce nonce = nonce_of(job.counter);
            job.authentic =
                crypto_aead_chacha20poly1305_ietf_decrypt(
                    job.output, nullptr, nullptr, job.input, job.text_size + aead_tag_size, nullptr,
                    0, nonce.data(), job.key->bytes().data()) == 0;
        }
    }
};

}  // namespace

std::unique_ptr<Aead> make_aead_sodium() {
    return std::make_unique<AeadSodium>();
}

void sodium_seal(const AeadKey& key, const AeadNonce& nonce, Bytes additional, Bytes plaintext,
                 MutableBytes sealed) noexcept {
    WG_ASSERT(sealed.size() == plaintext.size() + aead_tag_size);
    start_sodium();
    crypto_aead_chacha20poly1305_ietf_encrypt(
        sealed.data(), nullptr, plaintext.data(), plaintext.size(), additional.data(),
        additional.size(), nullptr, nonce.data(), key.bytes().data());
}

bool sodium_open(const AeadKey& key, const AeadNonce& nonce, Bytes additional, Bytes sealed,
                 MutableBytes plaintext) noexcept {
    WG_ASSERT(sealed.size() == plaintext.size() + aead_tag_size);
    start_sodium();
    return crypto_aead_chacha20poly1305_ietf_decrypt(
               plaintext.data(), nullptr, nullptr, sealed.data(), sealed.size(), additional.data(),
               additional.size(), nonce.data(), key.bytes().data()) == 0;
}

void aead_seal(const AeadKey& key, std::uint64_t counter, Bytes additional, Bytes plaintext,
               MutableBytes sealed) noexcept {
    sodium_seal(key, nonce_of(counter), additional, plaintext, sealed);
}

bool aead_open(const AeadKey& key, std::uint64_t counter, Bytes additional, Bytes sealed,
               MutableBytes plaintext) noexcept {
    return sodium_open(key, nonce_of(counter), additional, sealed, plaintext);
}

void xaead_seal(const AeadKey& key, std::span<const std::uint8_t, 24> nonce, Bytes additional,
                Bytes plaintext, MutableBytes sealed) noexcept {
    WG_ASSERT(sealed.size() == plaintext.size() + aead_tag_size);
    start_sodium();
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        sealed.data(), nullptr, plaintext.data(), plaintext.size(), additional.data(),
        additional.size(), nullptr, nonce.data(), key.bytes().data());
}

bool xaead_open(const AeadKey& key, std::span<const std::uint8_t, 24> nonce, Bytes additional,
                Bytes sealed, MutableBytes plaintext) noexcept {
    WG_ASSERT(sealed.size() == plaintext.size() + aead_tag_size);
    start_sodium();
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               plaintext.data(), nullptr, nullptr, sealed.data(), sealed.size(), additional.data(),
               additional.size(), nonce.data(), key.bytes().data()) == 0;
}

}  // namespace wgns
