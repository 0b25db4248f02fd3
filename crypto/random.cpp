#include "crypto/random.h"

#include "crypto/sodium_start.h"

namespace wgns {

std::uint32_t Entropy::next_u32() noexcept {
    std::uint8_t raw[4];
    fill(raw);
    return load_le<std::uint32_t>(raw);
}

void SystemEntropy::fill(MutableBytes bytes) noexcept {
    // Nothing may be nowhere, which libsodium does not take.
    if (bytes.empty()) return;
    start_sodium();
    randombytes_buf(bytes.data(), bytes.size());
}

}  // namespace wgns
