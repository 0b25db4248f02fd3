#include "control/first_handshake.h"

#include <gtest/gtest.h>

#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

// With a daemon it is what tests/system/ shows.
TEST(FirstHandshake, WithoutADaemonThereIsNone) {
    const TemporaryFolder folder;
    const StateDir state("home", folder.path() / "wgns-user");
    const auto waited = wait_first_handshake(state, std::chrono::seconds(5));
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().status, exit_status::failed);
    EXPECT_TRUE(waited.error().line.starts_with("handshake: ")) << waited.error().line;
}

}  // namespace
}  // namespace wgns
