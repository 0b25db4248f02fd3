// Waiting times between attempts: each twice the one before, up to a limit.
#pragma once

#include <algorithm>
#include <chrono>

namespace wgns {

class BackOff {
public:
    using Milliseconds = std::chrono::milliseconds;

    constexpr BackOff(Milliseconds first, Milliseconds limit) noexcept
        : first_(first), limit_(limit), next_(first) {}

    // How long to wait before the next attempt.
    [[nodiscard]] constexpr Milliseconds next() noexcept {
        const Milliseconds wait = next_;
        next_ = std::min(next_ * 2, limit_);
        return wait;
    }
    constexpr void reset() noexcept { next_ = first_; }

private:
    Milliseconds first_;
    Milliseconds limit_;
    Milliseconds next_;
};

}  // namespace wgns
