#include "cli/bench/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <array>

namespace wgns::bench {
namespace {

using namespace std::chrono_literals;

SteadyTime in(std::chrono::milliseconds time) {
    return std::chrono::steady_clock::now() + time;
}

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe(ends.data()), 0);
        out.reset(ends[0]);
        in.reset(ends[1]);
    }
    UniqueFd out;
    UniqueFd in;
};

TEST(BenchInterrupt, WaitingEndsByWhatComesFirst) {
    const Interrupt interrupt;
    const Pipe pipe;
    EXPECT_EQ(interrupt.wait(pipe.out.get(), in(5ms)), Interrupt::Woken::late);
    EXPECT_EQ(::write(pipe.in.get(), "x", 1), 1);
    EXPECT_EQ(interrupt.wait(pipe.out.get(), in(10s)), Interrupt::Woken::ready);
    EXPECT_FALSE(interrupt.came());
    ::raise(SIGTERM);
    EXPECT_EQ(interrupt.wait(pipe.out.get(), in(10s)), Interrupt::Woken::interrupted);
    EXPECT_TRUE(interrupt.came());
    EXPECT_TRUE(interrupt.came()) << "it stays";
}

TEST(BenchInterrupt, EverySignalThatEndsAProgramIsHeld) {
    for (const int each : {SIGINT, SIGTERM, SIGHUP}) {
        const Interrupt interrupt;
        ::raise(each);
        EXPECT_TRUE(interrupt.came()) << each;
    }
    const Interrupt interrupt;
    EXPECT_FALSE(interrupt.came()) << "it was the one before's";
}

}  // namespace
}  // namespace wgns::bench
