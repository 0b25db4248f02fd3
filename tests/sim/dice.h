// All chance of a simulation: the same seed throws the same numbers on every machine, which the
// distributions of <random> do not promise.
#pragma once

#include <cstdint>
#include <random>

#include "base/clock.h"

namespace wgns::sim {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}

    [[nodiscard]] std::uint64_t next() { return engine_(); }
    // 0 to limit - 1.
    [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
    // Both included.
    [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        return low + below(high - low + 1);
    }
    // In whole milliseconds, so that things happen at the same time now and then.
    [[nodiscard]] Duration between(Duration low, Duration high) {
        constexpr Duration step = std::chrono::milliseconds(1);
        return low + step * static_cast<std::int64_t>(
                                below(static_cast<std::uint64_t>((high - low) / step) + 1));
    }
    [[nodiscard]] bool permille(unsigned chance) { return below(1000) < chance; }

private:
    std::mt19937_64 engine_;
};

}  // namespace wgns::sim
