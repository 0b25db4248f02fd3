#include "control/bring_up.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/state_dir.h"
#include "control/udp_sockets.h"
#include "dataplane/udp_socket.h"

namespace wgns {
namespace {

// Instances that do come up are in tests/system/; here, one that cannot.
TEST(BringUp, NamesTheStepThatFailedAndLeavesNothing) {
    if (::geteuid() != 0 || ::access("/dev/net/tun", F_OK) < 0)
        GTEST_SKIP() << "needs root and /dev/net/tun";
    const auto taken = open_udp_group(1, 0, 0);
    ASSERT_TRUE(taken && (*taken)[0].v4);
    Config config;
    config.instance = "test-" + std::to_string(::getpid());
    config.namespace_name = config.instance;
    config.interface_name = "wg0";
    config.private_key.mutable_bytes()[0] = 8;
    config.listen_port = local_port((*taken)[0].v4.get());
    const StateDir state(config.instance);
    const auto outcome = bring_up(std::move(config), "/nowhere/at/all.conf", {});
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().status, exit_status::failed);
    EXPECT_TRUE(outcome.error().line.starts_with("UDP socket: ")) << outcome.error().line;
    EXPECT_FALSE(state.exists());
}

}  // namespace
}  // namespace wgns
