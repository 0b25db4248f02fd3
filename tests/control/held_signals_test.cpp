#include "control/held_signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace wgns {
namespace {

TEST(HeldSignals, TellWhetherOneCame) {
    const HeldSignals held;
    EXPECT_FALSE(held.came());
    ::kill(::getpid(), SIGTERM);
    ::kill(::getpid(), SIGINT);
    EXPECT_TRUE(held.came());
    EXPECT_FALSE(held.came());
}

TEST(HeldSignals, ForgetWhatCameTooLate) {
    {
        const HeldSignals held;
        ::kill(::getpid(), SIGTERM);
    }
    SUCCEED();
}

}  // namespace
}  // namespace wgns
