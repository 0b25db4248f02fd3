// Which counters of a session were seen: a ring of bits (RFC 6479), so that advancing clears whole
// words and shifts nothing. Asked only about authentic packets (whitepaper 5.4.6), else a forger
// could advance it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "protocol/limits.h"

namespace wgns {

// The zero value has seen nothing. One thread.
class ReplayWindow {
public:
    // The newest counter's word is only partly used, so one word of the ring does not count.
    static constexpr std::uint64_t ring_bits = 8192;
    static constexpr std::uint64_t size = ring_bits - 64;

    // Marks the counter as seen. False: it was seen before, is more than `size` behind the newest,
    // or is reject_after_messages or above; then nothing changes.
    [[nodiscard]] bool accept(std::uint64_t counter) noexcept {
        if (counter >= limits::reject_after_messages) return false;
        if (counter > newest_) {
            advance(counter);
        } else if (newest_ - counter > size) {
            return false;
        }
        std::uint64_t& word = seen_[(counter / 64) % words];
        const std::uint64_t bit = std::uint64_t{1} << (counter % 64);
        if ((word & bit) != 0) return false;
        word |= bit;
        return true;
    }

private:
    static constexpr std::size_t words = ring_bits / 64;

    void advance(std::uint64_t counter) noexcept {
        const std::uint64_t from = newest_ / 64;
        const std::uint64_t fresh = std::min<std::uint64_t>(counter / 64 - from, words);
        for (std::uint64_t i = 1; i <= fresh; ++i)
            seen_[(from + i) % words] = 0;
        newest_ = counter;
    }

    std::uint64_t newest_ = 0;
    std::array<std::uint64_t, words> seen_{};
};

}  // namespace wgns
