#include "crypto/x25519.h"

#include "crypto/sodium_start.h"

namespace wgns {

namespace {

// libsodium 1.0.18 takes bytes above ASCII for base64 digits. No early way out: it is a key.
bool is_ascii(std::string_view text) noexcept {
    std::uint8_t bits = 0;
    for (const std::uint8_t byte : bytes_of(text))
        bits |= byte;
    return bits < 0x80;
}

}  // namespace

PrivateKey generate_private_key(Entropy& entropy) noexcept {
    PrivateKey key;
    const auto bytes = key.mutable_bytes();
    entropy.fill(bytes);
    bytes[0] &= 248;
    bytes[31] = static_cast<std::uint8_t>((bytes[31] & 127) | 64);
    return key;
}

PresharedKey generate_preshared_key(Entropy& entropy) noexcept {
    PresharedKey key;
    entropy.fill(key.mutable_bytes());
    return key;
}

PublicKey public_key_of(const PrivateKey& key) noexcept {
    start_sodium();
    PublicKey out;
    crypto_scalarmult_curve25519_base(out.bytes.data(), key.bytes().data());
    return out;
}

std::optional<SharedSecret> x25519(const PrivateKey& own, const PublicKey& theirs) noexcept {
    start_sodium();
    std::optional<SharedSecret> shared(std::in_place);
    // libsodium itself refuses points of low order, before and after.
    if (crypto_scalarmult_curve25519(shared->mutable_bytes().data(), own.bytes().data(),
                                     theirs.bytes.data()) != 0 ||
        shared->is_zero())
        shared.reset();
    return shared;
}

bool parse_key(std::string_view base64, std::span<std::uint8_t, 32> out) noexcept {
    if (base64.size() != 44 || base64.back() != '=' || !is_ascii(base64)) return false;
    std::size_t size = 0;
    const char* end = nullptr;
    const int failed = sodium_base642bin(out.data(), out.size(), base64.data(), base64.size(),
                                         nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL);
    const bool is_whole = failed == 0 && size == out.size() && end == base64.data() + base64.size();
    if (!is_whole) wipe(out);
    return is_whole;
}

std::string key_to_base64(std::span<const std::uint8_t, 32> key) {
    std::string text(45, '\0');
    sodium_bin2base64(text.data(), text.size(), key.data(), key.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    text.resize(44);
    return text;
}

bool parse_hex_key(std::string_view hex, std::span<std::uint8_t, 32> out) noexcept {
    if (hex.size() != 64) return false;
    std::size_t size = 0;
    const char* end = nullptr;
    const int failed =
        sodium_hex2bin(out.data(), out.size(), hex.data(), hex.size(), nullptr, &size, &end);
    const bool is_whole = failed == 0 && size == out.size() && end == hex.data() + hex.size();
    if (!is_whole) wipe(out);
    return is_whole;
}

std::string key_to_hex(std::span<const std::uint8_t, 32> key) {
    std::string text(65, '\0');
    sodium_bin2hex(text.data(), text.size(), key.data(), key.size());
    text.resize(64);
    return text;
}

}  // namespace wgns
