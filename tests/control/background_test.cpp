#include "control/background.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>

#include "base/unique_fd.h"

namespace wgns {
namespace {

TEST(RunInBackground, ReturnsOnceReadyAndTheWorkGoesOn) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    const auto done = run_in_background([&](const Ready& ready) -> Result<Done, Failure> {
        ready(true);
        const pid_t session = ::getsid(0);
        const bool told = ::write(write_end.get(), &session, sizeof session) == sizeof session;
        EXPECT_TRUE(told);
        return Done{};
    });
    EXPECT_TRUE(done);
    pid_t session = 0;
    ASSERT_EQ(::read(read_end.get(), &session, sizeof session),
              static_cast<ssize_t>(sizeof session));
    EXPECT_NE(session, ::getsid(0));
}

TEST(RunInBackground, LeavesTheOutputUnlessToldToKeepIt) {
    for (const bool keep : {false, true}) {
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        UniqueFd read_end(ends[0]);
        UniqueFd write_end(ends[1]);
        const auto done = run_in_background([&](const Ready& ready) -> Result<Done, Failure> {
            ::dup2(write_end.get(), STDERR_FILENO);
            write_end.reset();
            ready(keep);
            static_cast<void>(::write(STDERR_FILENO, "x", 1) < 0);
            return Done{};
        });
        EXPECT_TRUE(done);
        write_end.reset();
        char letter = 0;
        EXPECT_EQ(::read(read_end.get(), &letter, 1), keep ? 1 : 0);
    }
}

TEST(RunInBackground, TellsTheFailure) {
    const auto done = run_in_background([](const Ready&) -> Result<Done, Failure> {
        return Failure{exit_status::failed, "no luck"};
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().line, "no luck");
    EXPECT_EQ(done.error().status, exit_status::failed);
}

TEST(RunInBackground, TellsASuddenEnd) {
    const auto done = run_in_background([](const Ready&) -> Result<Done, Failure> {
        ::kill(::getpid(), SIGKILL);
        return Done{};
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().line, "the daemon was ended by signal 9");
}

}  // namespace
}  // namespace wgns
