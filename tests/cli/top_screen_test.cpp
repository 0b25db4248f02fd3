#include "cli/top_screen.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace wgns {
namespace {

// What it shows is seen by tests/system/top_test.py; here, that it takes no terminal it does not
// know, and gives the signals back.
TEST(TopScreen, RefusesAnUnknownTerminal) {
    ::setenv("TERM", "no-such-terminal", 1);
    const auto screen = TopScreen::open();
    ASSERT_FALSE(screen);
    EXPECT_EQ(screen.error().code, ENOTSUP);
    EXPECT_NE(screen.error().hint, "");
    sigset_t blocked;
    ASSERT_EQ(::sigprocmask(SIG_SETMASK, nullptr, &blocked), 0);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
        EXPECT_EQ(sigismember(&blocked, signal), 0) << signal;
}

}  // namespace
}  // namespace wgns
