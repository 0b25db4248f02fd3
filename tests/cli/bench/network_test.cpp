#include "cli/bench/network.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "netns/addressing.h"
#include "netns/link.h"

namespace wgns::bench {
namespace {

TEST(BenchNetwork, TwoHostsOnOneCable) {
    if (::geteuid() != 0) GTEST_SKIP() << "network namespaces need root";
    const auto network = Network::make();
    ASSERT_TRUE(network) << describe(network.error());
    EXPECT_NE(network->of(Side::first).identity(), network->of(Side::second).identity());
    for (const Side side : {Side::first, Side::second}) {
        auto netlink = network->of(side).run([] { return Netlink::open(); });
        ASSERT_TRUE(netlink);
        const auto mtu = route_mtu(*netlink, outer_address(other(side)));
        ASSERT_TRUE(mtu) << describe(mtu.error());
        EXPECT_EQ(*mtu, 1500U);
        for (const Link& link : *list_links(*netlink))
            EXPECT_TRUE(link.is_up) << link.name;
    }
}

}  // namespace
}  // namespace wgns::bench
