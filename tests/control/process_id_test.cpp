#include "control/process_id.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wgns {
namespace {

using std::chrono::milliseconds;

std::string stat_text(const std::string& name, const std::string& state) {
    return "17 (" + name + ") " + state + " 1 17 17 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9";
}

TEST(ProcessId, ReadsTheStartTimeFromStat) {
    struct Case {
        std::string stat;
        std::optional<std::uint64_t> ticks;
    };
    const Case cases[] = {
        /* 0 */ {stat_text("sleep", "S"), 4711},
        /* 1 */ {stat_text("a) R (b", "S"), 4711},
        /* 2 */ {stat_text("sleep", "Z"), std::nullopt},
        /* 3 */ {"17 (sleep) S 1 2 3", std::nullopt},
        /* 4 */ {"", std::nullopt},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i)
        EXPECT_EQ(parse_start_ticks(cases[i].stat), cases[i].ticks) << i;
}

TEST(ProcessId, SurvivesItsTextForm) {
    const auto self = ProcessId::of(::getpid());
    ASSERT_TRUE(self);
    EXPECT_EQ(ProcessId::parse(self->to_string() + "\n"), self);
    EXPECT_TRUE(self->is_running());
}

TEST(ProcessId, RefusesOtherTexts) {
    for (const char* text : {"", "1", "x 2", "1 2 3", "-4 2", "1 -2", "0 1"})
        EXPECT_FALSE(ProcessId::parse(text)) << text;
}

TEST(ProcessId, IsNotAnotherProcessWithTheSamePid) {
    auto other = ProcessId::of(::getpid());
    ASSERT_TRUE(other);
    ++other->start_ticks;
    EXPECT_FALSE(other->is_running());
    // Were the identity not looked at, this would end the test itself.
    EXPECT_TRUE(end_process(*other, milliseconds(10)));
}

pid_t child_that_waits(bool ignores_term) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    if (ignores_term) ::signal(SIGTERM, SIG_IGN);
    for (;;)
        ::pause();
}

int ending_signal(pid_t pid) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(EndProcess, AsksFirst) {
    const pid_t pid = child_that_waits(false);
    const auto process = ProcessId::of(pid);
    ASSERT_TRUE(process);
    EXPECT_TRUE(end_process(*process, milliseconds(5000)));
    EXPECT_EQ(ending_signal(pid), SIGTERM);
}

TEST(EndProcess, EndsWhatDoesNotListen) {
    const pid_t pid = child_that_waits(true);
    const auto process = ProcessId::of(pid);
    ASSERT_TRUE(process);
    // The child may not have come to ignoring SIGTERM yet; it ends either way.
    EXPECT_TRUE(end_process(*process, milliseconds(100)));
    EXPECT_NE(ending_signal(pid), 0);
}

}  // namespace
}  // namespace wgns
