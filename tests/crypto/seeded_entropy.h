// Randomness that repeats itself for the same seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include "crypto/random.h"

namespace wgns {

class SeededEntropy final : public Entropy {
public:
    explicit SeededEntropy(std::uint64_t seed = 17) : engine_(seed) {}
    void fill(MutableBytes bytes) noexcept override {
        ++fills;
        for (std::uint8_t& byte : bytes)
            byte = static_cast<std::uint8_t>(engine_());
    }
    std::size_t fills = 0;

private:
    std::mt19937_64 engine_;
};

}  // namespace wgns
