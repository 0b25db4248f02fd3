#include "crypto/hash.h"

#include <blake2.h>

namespace wgns {

namespace {

constexpr std::size_t block_size = 64;

void update(blake2s_state& state, std::initializer_list<Bytes> parts) noexcept {
    for (const Bytes part : parts) {
        const int failed = blake2s_update(&state, part.data(), part.size());
        WG_ASSERT(failed == 0);
    }
}

// Results go to their place through a reference, so that no copy of a secret one stays behind.
template <std::size_t size>
void finish(blake2s_state& state, std::array<std::uint8_t, size>& out) noexcept {
    const int failed = blake2s_final(&state, out.data(), size);
    WG_ASSERT(failed == 0);
    wipe({reinterpret_cast<std::uint8_t*>(&state), sizeof state});
}

template <std::size_t size>
void keyed(Bytes key, std::initializer_list<Bytes> parts,
           std::array<std::uint8_t, size>& out) noexcept {
    WG_ASSERT(!key.empty() && key.size() <= BLAKE2S_KEYBYTES);
    blake2s_state state;
    const int failed = blake2s_init_key(&state, size, key.data(), key.size());
    WG_ASSERT(failed == 0);
    update(state, parts);
    finish(state, out);
}

// One half of HMAC: the padded key, which is `pad` in every byte where the key has none, and what
// follows it.
void hash_behind_pad(Bytes key, std::uint8_t pad, std::initializer_list<Bytes> parts,
                     Hash& out) noexcept {
    std::array<std::uint8_t, block_size> padded{};
    copy_bytes(padded, key);
    for (std::uint8_t& byte : padded)
        byte ^= pad;
    blake2s_state state;
    const int failed = blake2s_init(&state, out.size());
    WG_ASSERT(failed == 0);
    update(state, {padded});
    update(state, parts);
    finish(state, out);
    wipe(padded);
}

// `out` may be one of the parts.
void hmac(Bytes key, std::initializer_list<Bytes> parts, Hash& out) noexcept {
    Hash inner;
    hash_behind_pad(key, 0x36, parts, inner);
    hash_behind_pad(key, 0x5c, {inner}, out);
    wipe(inner);
}

}  // namespace

Hash blake2s(std::initializer_list<Bytes> parts) noexcept {
    blake2s_state state;
    const int failed = blake2s_init(&state, BLAKE2S_OUTBYTES);
    WG_ASSERT(failed == 0);
    update(state, parts);
    Hash out;
    finish(state, out);
    return out;
}

Mac blake2s_mac(Bytes key, std::initializer_list<Bytes> parts) noexcept {
    Mac out;
    keyed(key, parts, out);
    return out;
}

Hash blake2s_keyed(Bytes key, std::initializer_list<Bytes> parts) noexcept {
    Hash out;
    keyed(key, parts, out);
    return out;
}

Hash hmac_blake2s(Bytes key, std::initializer_list<Bytes> parts) noexcept {
    Hash out;
    if (key.size() > block_size) {
        Hash short_key = blake2s({key});
        hmac(short_key, parts, out);
        wipe(short_key);
    } else {
        hmac(key, parts, out);
    }
    return out;
}

void hkdf(std::span<const std::uint8_t, 32> chaining_key, Bytes input,
          std::initializer_list<std::span<std::uint8_t, 32>> outputs) noexcept {
    WG_ASSERT(outputs.size() >= 1 && outputs.size() <= 3);
    Hash temporary;
    Hash output;
    hmac(chaining_key, {input}, temporary);
    Bytes previous;
    std::uint8_t number = 0;
    for (const auto& out : outputs) {
        ++number;
        hmac(temporary, {previous, Bytes(&number, 1)}, output);
        previous = output;
        copy_bytes(out, output);
    }
    wipe(temporary);
    wipe(output);
}

}  // namespace wgns
