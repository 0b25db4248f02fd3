#include "control/back_off.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

using std::chrono::milliseconds;

TEST(BackOff, DoublesUpToTheLimit) {
    BackOff back_off(milliseconds(100), milliseconds(500));
    for (const int wanted : {100, 200, 400, 500, 500})
        EXPECT_EQ(back_off.next(), milliseconds(wanted));
}

TEST(BackOff, StartsOverAfterReset) {
    BackOff back_off(milliseconds(100), milliseconds(500));
    static_cast<void>(back_off.next());
    static_cast<void>(back_off.next());
    back_off.reset();
    EXPECT_EQ(back_off.next(), milliseconds(100));
}

}  // namespace
}  // namespace wgns
