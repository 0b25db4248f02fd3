#include "crypto/tai64n.h"

#include "base/bytes.h"

namespace wgns {

namespace {

// 2^62 and the ten leap seconds that TAI was ahead in 1970.
constexpr std::uint64_t unix_epoch = 0x400000000000000a;
constexpr std::uint32_t rounding = std::uint32_t{1} << 24;
constexpr std::uint32_t nanoseconds_per_second = 1'000'000'000;

Tai64n stamp_of(std::uint64_t seconds, std::uint32_t nanoseconds) noexcept {
    Tai64n stamp;
    store_be(stamp.bytes, seconds);
    store_be(MutableBytes(stamp.bytes).subspan(8), nanoseconds);
    return stamp;
}

}  // namespace

Tai64n Tai64n::at(WallTime time) noexcept {
    return stamp_of(unix_epoch + static_cast<std::uint64_t>(time.seconds),
                    time.nanoseconds & ~(rounding - 1));
}

Tai64n Tai64n::next() const noexcept {
    const auto seconds = load_be<std::uint64_t>(bytes);
    const auto nanoseconds = load_be<std::uint32_t>(Bytes(bytes).subspan(8)) & ~(rounding - 1);
    if (nanoseconds >= nanoseconds_per_second - rounding) return stamp_of(seconds + 1, 0);
    return stamp_of(seconds, nanoseconds + rounding);
}

}  // namespace wgns
