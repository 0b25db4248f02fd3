#include "control/udp_sockets.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "dataplane/udp_socket.h"

namespace wgns {
namespace {

TEST(UdpSockets, ShareOnePort) {
    const auto sockets = open_udp_sockets(0, 0);
    ASSERT_TRUE(sockets) << describe(sockets.error());
    ASSERT_TRUE(sockets->v4);
    EXPECT_NE(local_port(sockets->v4.get()), 0);
    if (!sockets->v6) GTEST_SKIP() << "no IPv6 here";
    EXPECT_EQ(local_port(sockets->v4.get()), local_port(sockets->v6.get()));
}

TEST(UdpSockets, TellAPortThatIsTaken) {
    const auto first = open_udp_sockets(0, 0);
    ASSERT_TRUE(first && first->v4);
    const auto second = open_udp_sockets(local_port(first->v4.get()), 0);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, EADDRINUSE);
}

}  // namespace
}  // namespace wgns
