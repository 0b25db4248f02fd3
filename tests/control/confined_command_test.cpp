#include "control/confined_command.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>

#include "netns/namespace.h"

namespace wgns {
namespace {

// From a child, which has one thread and may be changed for good.
int in_a_child_of_its_own(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr int failed_here = 99;

struct ConfinedCommandTest : testing::Test {
    Place place;
    RunAs run_as;
    std::optional<Namespace> ns;
    std::array<UniqueFd, 2> pipe;

    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
        auto made = Namespace::create();
        ASSERT_TRUE(made);
        ns.emplace(*std::move(made));
        place.netns = "/proc/self/fd/" + std::to_string(ns->fd());
        place.instance = "home";
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe(ends.data()), 0);
        pipe = {UniqueFd(ends[0]), UniqueFd(ends[1])};
    }
    int run(std::vector<std::string> words) {
        return in_a_child_of_its_own([&] {
            const CommandSignals signals;
            const auto status =
                run_confined({place, run_as, std::move(words)}, signals, pipe[0].get());
            return status ? *status : failed_here;
        });
    }
};

TEST_F(ConfinedCommandTest, ItsStatusIsTheCommands) {
    const struct {
        const char* script;
        int status;
    } rows[] = {
        /* 1 */ {"exit 0", 0},
        /* 2 */ {"exit 42", 42},
        /* 3 */ {"kill -KILL $$", 128 + SIGKILL},
        /* 4 */ {"test $$ = 2 && test \"$WGNS_NAME\" = home", 0},
        /* 5: whoever is orphaned is reaped, and ends with it */
        {"(setsid sleep 100 &); (true &); exit 3", 3},
    };
    for (const auto& row : rows)
        EXPECT_EQ(run({"sh", "-c", row.script}), row.status) << row.script;
    EXPECT_EQ(run({"/etc"}), exit_status::not_executable);
    EXPECT_EQ(run({"/no/such/command"}), exit_status::not_found);
}

TEST_F(ConfinedCommandTest, APlaceThatIsNotThereIsAFailureOfOurs) {
    place.netns = "/nowhere/at/all";
    EXPECT_EQ(run({"true"}), exit_status::exec_failed);
}

TEST_F(ConfinedCommandTest, WithoutItsTunnelItIsEnded) {
    pipe[1].reset();
    EXPECT_EQ(run({"sleep", "1000"}), failed_here);
}

TEST(CommandSignals, AreHeldBackAndAsTheyWereAfterwards) {
    EXPECT_EQ(in_a_child_of_its_own([] {
                  ::signal(SIGCHLD, SIG_IGN);
                  ::signal(SIGHUP, SIG_IGN);
                  {
                      const CommandSignals signals;
                      if (::signal(SIGCHLD, SIG_DFL) != SIG_DFL) return 1;
                      ::kill(::getpid(), SIGHUP);
                      if (signals.told_to_end() != 0) return 2;
                      ::kill(::getpid(), SIGTERM);
                      if (signals.told_to_end() != SIGTERM) return 3;
                      const auto events = signals.open();
                      std::array<char, 1024> taken{};
                      if (!events || ::read(events->get(), taken.data(), taken.size()) <= 0)
                          return 4;
                  }
                  return ::signal(SIGCHLD, SIG_DFL) == SIG_IGN ? 0 : 5;
              }),
              0);
}

}  // namespace
}  // namespace wgns
