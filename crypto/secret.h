// Key material: fixed-size bytes that cannot be copied, compared with == or printed, and that wipe
// themselves when they are destroyed, moved from or overwritten.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace wgns {

// Writes zeros in a way that no optimiser removes.
void wipe(MutableBytes bytes) noexcept;

// Whether both hold the same bytes, in time that depends on the size alone. Sizes must match.
[[nodiscard]] bool equal_constant_time(Bytes a, Bytes b) noexcept;

// Tag keeps kinds of keys apart: a PrivateKey is no PresharedKey.
template <std::size_t byte_count, class Tag>
class Secret {
public:
    static constexpr std::size_t size = byte_count;

    // The zero value: all bytes zero.
    Secret() noexcept = default;
    explicit Secret(std::span<const std::uint8_t, byte_count> bytes) noexcept {
        copy_bytes(bytes_, bytes);
    }
    Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.clear(); }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            bytes_ = other.bytes_;
            other.clear();
        }
        return *this;
    }
    ~Secret() { clear(); }

    // A second copy, where two owners are really meant.
    [[nodiscard]] Secret duplicate() const noexcept { return Secret(bytes_); }
    void clear() noexcept { wipe(bytes_); }
    [[nodiscard]] bool is_zero() const noexcept {
        constexpr std::array<std::uint8_t, byte_count> zero{};
        return equal_constant_time(bytes_, zero);
    }
    // Valid as long as the secret and until it is next written.
    [[nodiscard]] std::span<const std::uint8_t, byte_count> bytes() const noexcept {
        return bytes_;
    }
    [[nodiscard]] std::span<std::uint8_t, byte_count> mutable_bytes() noexcept { return bytes_; }

private:
    std::array<std::uint8_t, byte_count> bytes_{};
};

using PrivateKey = Secret<32, struct PrivateKeyTag>;
using PresharedKey = Secret<32, struct PresharedKeyTag>;  // zero: none
using AeadKey = Secret<32, struct AeadKeyTag>;            // ChaCha20-Poly1305, XChaCha20-Poly1305
using SharedSecret = Secret<32, struct SharedSecretTag>;  // a Diffie-Hellman result
using ChainingKey = Secret<32, struct ChainingKeyTag>;    // Noise ck

// A Curve25519 public key; not secret. Ordered, so that it can be a map's key.
struct PublicKey {
    std::array<std::uint8_t, 32> bytes{};

    friend auto operator<=>(const PublicKey&, const PublicKey&) noexcept = default;
};

}  // namespace wgns
