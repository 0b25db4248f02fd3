// Addresses and routes of one network namespace, by rtnetlink. The Netlink says which namespace.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "netns/link.h"
#include "netns/netlink.h"

namespace wgns {

// Without duplicate address detection, which a tunnel has no use for.
[[nodiscard]] Status add_address(Netlink& netlink, const Link& link, const IpPrefix& address);
[[nodiscard]] Result<std::vector<IpPrefix>> list_addresses(Netlink& netlink, const Link& link);
// Afterwards the link has these addresses and no other; one that it keeps is not touched.
[[nodiscard]] Status set_addresses(Netlink& netlink, const Link& link,
                                   const std::vector<IpPrefix>& wanted);

struct Route {
    IpPrefix destination;       // bits behind the length must be zero
    std::uint32_t table = 254;  // RT_TABLE_MAIN
    std::optional<std::uint32_t> metric;
};
[[nodiscard]] Status add_route(Netlink& netlink, const Link& link, const Route& route);
// Afterwards these lead into the link, which must be up, and none of those that add_route made
// before for others. What the kernel or somebody else has made stays.
[[nodiscard]] Status set_routes(Netlink& netlink, const Link& link,
                                const std::vector<Route>& wanted);

// A way out that is there.
struct Path {
    IpPrefix destination;
    std::uint32_t table = 0;
    std::uint32_t metric = 0;
    std::uint8_t protocol = 0;         // who made it: RTPROT_…
    std::vector<std::uint32_t> links;  // their indexes; several where it is shared between them
};
// Of every table and both families. Not those to this host itself, and not those that lead nowhere.
[[nodiscard]] Result<std::vector<Path>> list_paths(Netlink& netlink);

// The MTU on the way to `destination`: the route's own where it has one, else its link's.
[[nodiscard]] Result<std::uint32_t> route_mtu(Netlink& netlink, const IpAddress& destination);

}  // namespace wgns
