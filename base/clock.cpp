#include "base/clock.h"

#include <ctime>

namespace wgns {

TimePoint SystemClock::now() const noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_BOOTTIME, &t);
    return TimePoint(std::chrono::seconds(t.tv_sec) + Duration(t.tv_nsec));
}

WallTime SystemClock::wall_time() const noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_REALTIME, &t);
    return {.seconds = t.tv_sec, .nanoseconds = static_cast<std::uint32_t>(t.tv_nsec)};
}

}  // namespace wgns
