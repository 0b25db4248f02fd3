#include "control/reload.h"

#include <gtest/gtest.h>

#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

// What it changes in a running instance is what tests/system/ shows.
TEST(Reload, NeedsAnInstanceThatRuns) {
    const TemporaryFolder folder;
    const StateDir state("home", folder.path() / "wgns-user");
    ASSERT_TRUE(state.create_and_lock());
    Config config;
    config.instance = "home";
    const auto outcome = bring_in(config, "home.conf", state, SameConfiguration::ends_it);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().status, exit_status::failed);
    EXPECT_EQ(outcome.error().line, "home: not running; run `wgns-user up home`");
}

}  // namespace
}  // namespace wgns
