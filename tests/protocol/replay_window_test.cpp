#include "protocol/replay_window.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "replay_window_model.h"

namespace wgns {
namespace {

constexpr std::uint64_t limit = limits::reject_after_messages;
constexpr std::uint64_t size = ReplayWindow::size;

TEST(ReplayWindow, Limits) {
    EXPECT_GE(size, 8128u);
    EXPECT_EQ(limit, UINT64_MAX - 8192);
}

TEST(ReplayWindow, Table) {
    struct Step {
        std::uint64_t counter;
        bool accepted;
    };
    const std::vector<Step> steps = {
        /*  1 */ {0, true},
        /*  2 */ {0, false},
        /*  3 */ {1, true},
        /*  4 */ {1, false},
        /*  5 */ {9, true},
        /*  6 */ {8, true},
        /*  7 */ {7, true},
        /*  8 */ {7, false},
        /*  9 */ {size, true},
        /* 10 */ {size - 1, true},
        /* 11 */ {size - 1, false},
        /* 12 */ {2, true},
        /* 13 */ {2, false},
        /* 14 */ {0, false},
        /* 15 */ {size + 16, true},
        /* 16 */ {3, false},
        /* 17 */ {15, false},
        /* 18 */ {16, true},
        /* 19 */ {16, false},
        /* 20 */ {size * 4, true},
        /* 21 */ {size * 4 - (size - 1), true},
        /* 22 */ {size * 4 - size, true},
        /* 23 */ {size * 4 - (size + 1), false},
        /* 24 */ {10, false},
        /* 25 */ {0xffffffff, true},
        /* 26 */ {0x100000000, true},
        /* 27 */ {0xffffffff, false},
        /* 28 */ {0xfffffffe, true},
        /* 29 */ {0, false},
        /* 30 */ {limit, false},
        /* 31 */ {UINT64_MAX, false},
        /* 32 */ {0x100000001, true},
        /* 33 */ {limit - 1, true},
        /* 34 */ {limit - 1, false},
        /* 35 */ {limit, false},
        /* 36 */ {limit + 1, false},
        /* 37 */ {limit - 2, true},
        /* 38 */ {limit - 3, true},
        /* 39 */ {0x100000002, false},
    };
    ReplayWindow window;
    for (std::size_t i = 0; i < steps.size(); ++i)
        EXPECT_EQ(window.accept(steps[i].counter), steps[i].accepted) << "step " << i + 1;
}

TEST(ReplayWindow, EveryOrderWithinTheWindow) {
    ReplayWindow downwards;
    for (std::uint64_t i = 0; i <= size; ++i)
        EXPECT_TRUE(downwards.accept(size - i)) << i;
    for (std::uint64_t i = 0; i <= size; ++i)
        EXPECT_FALSE(downwards.accept(i)) << i;
    EXPECT_TRUE(downwards.accept(size + 1));
}

TEST(ReplayWindow, AJumpOfAWholeRingForgetsTheOldBits) {
    for (const std::uint64_t jump :
         {size, size + 1, ReplayWindow::ring_bits - 1, ReplayWindow::ring_bits,
          ReplayWindow::ring_bits + 1, 3 * ReplayWindow::ring_bits}) {
        ReplayWindow window;
        for (std::uint64_t i = 0; i < 64; ++i)
            EXPECT_TRUE(window.accept(i));
        EXPECT_TRUE(window.accept(63 + jump));
        // All of them are new: between the old ones and the jump nothing was seen.
        for (std::uint64_t i = 64; i < 63 + jump; ++i)
            EXPECT_EQ(window.accept(i), 63 + jump - i <= size) << jump << " " << i;
    }
}

TEST(ReplayWindow, AgreesWithAModel) {
    const std::uint64_t starts[] = {0, 1, 0xffffffff - 4000, limit - 20'000, limit - 3};
    std::mt19937_64 random(4711);
    for (const std::uint64_t start : starts) {
        ReplayWindow window;
        ReplayWindowModel model;
        EXPECT_EQ(window.accept(start), model.accept(start));
        for (int i = 0; i < 60'000; ++i) {
            const std::uint64_t newest = model.newest();
            std::uint64_t counter = newest + 1;
            switch (random() % 8) {
                case 0:
                    counter = newest - random() % 9000;
                    break;  // may wrap: far too high
                case 1:
                    counter = newest - size - 2 + random() % 5;
                    break;
                case 2:
                    counter = newest + random() % 200;
                    break;
                case 3:
                    counter = newest - random() % 130;
                    break;
                case 4:
                    if (random() % 200 == 0) counter = newest + random() % 20'000;
                    break;
                default:
                    break;
            }
            ASSERT_EQ(window.accept(counter), model.accept(counter))
                << "start " << start << " step " << i << " counter " << counter << " newest "
                << newest;
        }
    }
}

}  // namespace
}  // namespace wgns
