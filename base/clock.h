// Time as the protocol knows it. Key age is measured on CLOCK_BOOTTIME, which counts suspend; wall
// time feeds only TAI64N and display.
#pragma once

#include <chrono>
#include <cstdint>

namespace wgns {

using Duration = std::chrono::nanoseconds;

// A point on CLOCK_BOOTTIME, or on the clock of a simulation. The zero value is "never".
class TimePoint {
public:
    constexpr TimePoint() noexcept = default;
    constexpr explicit TimePoint(Duration since_boot) noexcept : since_boot_(since_boot) {}

    [[nodiscard]] constexpr Duration since_boot() const noexcept { return since_boot_; }
    [[nodiscard]] constexpr bool is_never() const noexcept { return since_boot_.count() == 0; }

    friend constexpr auto operator<=>(const TimePoint&, const TimePoint&) noexcept = default;
    friend constexpr Duration operator-(TimePoint a, TimePoint b) noexcept {
        return a.since_boot_ - b.since_boot_;
    }
    friend constexpr TimePoint operator+(TimePoint t, Duration d) noexcept {
        return TimePoint(t.since_boot_ + d);
    }
    friend constexpr TimePoint operator-(TimePoint t, Duration d) noexcept {
        return TimePoint(t.since_boot_ - d);
    }

private:
    Duration since_boot_{0};
};

// CLOCK_REALTIME.
struct WallTime {
    std::int64_t seconds = 0;  // since 1970, UTC
    std::uint32_t nanoseconds = 0;

    friend constexpr auto operator<=>(const WallTime&, const WallTime&) noexcept = default;
};

// Both clocks, read once for everything that happens together.
struct Moment {
    TimePoint now;
    WallTime wall;
};

class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual TimePoint now() const noexcept = 0;
    [[nodiscard]] virtual WallTime wall_time() const noexcept = 0;
    [[nodiscard]] Moment moment() const noexcept { return {now(), wall_time()}; }
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const noexcept override;
    [[nodiscard]] WallTime wall_time() const noexcept override;
};

}  // namespace wgns
