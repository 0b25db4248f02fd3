#include "control/udp_sockets.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "dataplane/udp_socket.h"

namespace wgns {
namespace {

TEST(UdpSockets, ShareOnePort) {
    const auto sockets = open_udp_group(1, 0, 0);
    ASSERT_TRUE(sockets) << describe(sockets.error());
    ASSERT_TRUE((*sockets)[0].v4);
    EXPECT_NE(local_port((*sockets)[0].v4.get()), 0);
    if (!(*sockets)[0].v6) GTEST_SKIP() << "no IPv6 here";
    EXPECT_EQ(local_port((*sockets)[0].v4.get()), local_port((*sockets)[0].v6.get()));
}

TEST(UdpSockets, TellAPortThatIsTaken) {
    const auto first = open_udp_group(1, 0, 0);
    ASSERT_TRUE(first && (*first)[0].v4);
    const auto second = open_udp_group(1, local_port((*first)[0].v4.get()), 0);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, EADDRINUSE);
}

TEST(UdpSockets, OfSeveralWorkersShareAPortThatNobodyElseGets) {
    const auto group = open_udp_group(3, 0, 0);
    ASSERT_TRUE(group) << describe(group.error());
    ASSERT_EQ(group->size(), 3U);
    const std::uint16_t port = port_of(*group);
    for (const UdpSockets& each : *group)
        EXPECT_EQ(local_port(each.v4.get()), port);
    for (const unsigned count : {1U, 3U}) {
        const auto second = open_udp_group(count, port, 0);
        ASSERT_FALSE(second) << count;
        EXPECT_EQ(second.error().code, EADDRINUSE);
    }
}

}  // namespace
}  // namespace wgns
