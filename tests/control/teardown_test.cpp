#include "control/teardown.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

TEST(Teardown, TakesWhatIsThereAndMayBeDoneTwice) {
    const TemporaryFolder folder;
    const StateDir state("home", folder.path() / "wgns-user");
    ASSERT_TRUE(state.create_and_lock());
    EXPECT_TRUE(end_supervisor(state));
    EXPECT_TRUE(clear_instance(state));
    EXPECT_FALSE(state.exists());
    EXPECT_TRUE(clear_instance(state));
}

TEST(Teardown, EndsTheSupervisorThatTheStateNames) {
    const TemporaryFolder folder;
    const StateDir state("home", folder.path() / "wgns-user");
    ASSERT_TRUE(state.create_and_lock());
    const pid_t child = ::fork();
    if (child == 0)
        for (;;)
            ::pause();
    const auto process = ProcessId::of(child);
    ASSERT_TRUE(process);
    ASSERT_TRUE(state.write_supervisor(*process));
    EXPECT_TRUE(end_supervisor(state));
    EXPECT_FALSE(process->is_running());
    ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace wgns
