#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>

namespace wgns {
namespace {

using namespace std::chrono_literals;

TEST(TimePoint, ZeroIsNever) {
    static_assert(TimePoint().is_never());
    static_assert(!TimePoint(1ns).is_never());
    EXPECT_LT(TimePoint(), TimePoint(1ns));
}

TEST(TimePoint, Arithmetic) {
    constexpr TimePoint t(10s);
    static_assert(t.since_boot() == 10s);
    static_assert(t + 5s == TimePoint(15s));
    static_assert(t - 4s == TimePoint(6s));
    static_assert(TimePoint(15s) - t == 5s);
    static_assert(t - TimePoint(15s) == -5s);
    static_assert(t < t + 1ns && t > t - 1ns);
}

TEST(WallTime, SecondsCountBeforeNanoseconds) {
    static_assert(WallTime{1, 0} > WallTime{0, 999'999'999});
    static_assert(WallTime{1, 2} > WallTime{1, 1});
    static_assert(WallTime{-1, 0} < WallTime{});
}

class FixedClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const noexcept override { return TimePoint(7s); }
    [[nodiscard]] WallTime wall_time() const noexcept override { return {8, 9}; }
};

TEST(Clock, AMomentIsBothClocks) {
    const Moment moment = FixedClock().moment();
    EXPECT_EQ(moment.now, TimePoint(7s));
    EXPECT_EQ(moment.wall, (WallTime{8, 9}));
}

Duration kernel_time(clockid_t id) {
    timespec t{};
    EXPECT_EQ(::clock_gettime(id, &t), 0);
    return std::chrono::seconds(t.tv_sec) + Duration(t.tv_nsec);
}

TEST(SystemClock, NowIsBootTime) {
    const SystemClock clock;
    const Duration before = kernel_time(CLOCK_BOOTTIME);
    const TimePoint now = clock.now();
    const Duration after = kernel_time(CLOCK_BOOTTIME);
    EXPECT_LE(before, now.since_boot());
    EXPECT_LE(now.since_boot(), after);
    EXPECT_FALSE(now.is_never());
}

TEST(SystemClock, NeverGoesBack) {
    const SystemClock clock;
    TimePoint previous = clock.now();
    for (int i = 0; i < 1000; ++i) {
        const TimePoint now = clock.now();
        ASSERT_GE(now, previous);
        previous = now;
    }
}

TEST(SystemClock, WallTimeIsThisCentury) {
    const WallTime wall = SystemClock().wall_time();
    EXPECT_GT(wall.seconds, 1'600'000'000);
    EXPECT_LT(wall.nanoseconds, 1'000'000'000u);
}

}  // namespace
}  // namespace wgns
