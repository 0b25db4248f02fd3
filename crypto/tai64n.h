// TAI64N time stamps (https://cr.yp.to/libtai/tai64.html) of the handshake initiation.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "base/clock.h"

namespace wgns {

// Big-endian, so that comparing bytes compares times. The zero value is before every real one.
struct Tai64n {
    std::array<std::uint8_t, 12> bytes{};

    // Nanoseconds are rounded down to a multiple of 2^24 (about 17 ms), as the kernel does, so that
    // the exact clock of the sender is not told (drivers/net/wireguard/noise.c, tai64n_now).
    [[nodiscard]] static Tai64n at(WallTime time) noexcept;
    // The smallest stamp of that rounding above this one.
    [[nodiscard]] Tai64n next() const noexcept;

    friend auto operator<=>(const Tai64n&, const Tai64n&) noexcept = default;
};

}  // namespace wgns
