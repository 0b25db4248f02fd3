#include "cli/top.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace wgns {
namespace {

TEST(Top, LiveItNeedsATerminal) {
    if (::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0)
        GTEST_SKIP() << "here is a terminal";
    const auto done = run_top("", false);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().status, exit_status::usage);
    EXPECT_NE(done.error().line.find("--once"), std::string::npos);
}

TEST(Top, TellsThatThereIsNoSuchInstance) {
    const auto done = run_top("nobody-has-this-name", true);
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().status, exit_status::done);
}

}  // namespace
}  // namespace wgns
