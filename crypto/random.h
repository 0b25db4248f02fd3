// Where randomness comes from. The protocol takes it as a parameter, so that a simulation can
// replay a seed.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace wgns {

class Entropy {
public:
    virtual ~Entropy() = default;
    // Fills `bytes` completely; never fails.
    virtual void fill(MutableBytes bytes) noexcept = 0;

    [[nodiscard]] std::uint32_t next_u32() noexcept;
};

// libsodium's generator, which is getrandom(2). Safe for every thread.
class SystemEntropy final : public Entropy {
public:
    void fill(MutableBytes bytes) noexcept override;
};

}  // namespace wgns
