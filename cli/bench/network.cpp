#include "cli/bench/network.h"

#include <utility>

#include "netns/addressing.h"
#include "netns/link.h"

namespace wgns::bench {

namespace {

constexpr const char* cable = "wgcable0";

IpAddress address(const char* first, const char* second, Side side) {
    return *IpAddress::parse(side == Side::first ? first : second);
}

}  // namespace

IpAddress outer_address(Side side) {
    return address("10.77.0.1", "10.77.0.2", side);
}

IpAddress inner_address(Side side) {
    return address("10.78.0.1", "10.78.0.2", side);
}

Result<Network> Network::make() {
    auto first = Namespace::create();
    if (!first) return first.error();
    auto second = Namespace::create();
    if (!second) return second.error();
    Network network({*std::move(first), *std::move(second)});
    auto netlink = network.of(Side::first).run([] { return Netlink::open(); });
    if (!netlink) return netlink.error();
    auto done = add_veth(*netlink, cable, network.of(Side::second).fd(), cable);
    if (done) done = network.furnish(Side::first);
    if (done) done = network.furnish(Side::second);
    if (!done) return done.error();
    return network;
}

Status Network::furnish(Side side) const {
    auto netlink = of(side).run([] { return Netlink::open(); });
    if (!netlink) return netlink.error();
    for (const char* name : {"lo", cable}) {
        const auto link = find_link(*netlink, name);
        if (!link) return link.error();
        auto done = set_link_up(*netlink, *link);
        if (done && name == cable) done = add_address(*netlink, *link, {outer_address(side), 24});
        if (!done) return done;
    }
    return Done{};
}

}  // namespace wgns::bench
