#include "netns/addressing.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "netns/rtnetlink_request.h"

namespace wgns {

namespace {

constexpr std::uint32_t ipv6_default_metric = 1024;  // IP6_RT_PRIO_USER, net/ipv6/route.c

// The link and, where the route says one, the MTU of a route.
struct RouteAnswer {
    std::uint32_t link_index = 0;
    std::optional<std::uint32_t> mtu;
};

// RTA_METRICS holds attributes of its own.
std::optional<std::uint32_t> mtu_metric(const nlattr& metrics) {
    std::optional<std::uint32_t> mtu;
    const auto read = [](const nlattr* metric, void* out) {
        if (mnl_attr_get_type(metric) == RTAX_MTU)
            *static_cast<std::optional<std::uint32_t>*>(out) = number_of(*metric);
        return MNL_CB_OK;
    };
    ::mnl_attr_parse_nested(&metrics, read, &mtu);
    return mtu;
}

RouteAnswer route_of(const nlmsghdr& answer) {
    RouteAnswer route;
    for_each_attribute(answer, sizeof(rtmsg), [&](const nlattr& attribute) {
        const std::uint16_t type = mnl_attr_get_type(&attribute);
        if (type == RTA_OIF) route.link_index = number_of(attribute);
        if (type == RTA_METRICS) route.mtu = mtu_metric(attribute);
    });
    return route;
}

// RTA_MULTIPATH holds hops, each with attributes of its own behind it.
void add_hops(const nlattr& multipath, std::vector<std::uint32_t>& links) {
    const auto* at = static_cast<const char*>(mnl_attr_get_payload(&multipath));
    std::size_t left = mnl_attr_get_payload_len(&multipath);
    rtnexthop hop{};
    while (left >= sizeof hop) {
        std::memcpy(&hop, at, sizeof hop);
        const std::size_t size = RTNH_ALIGN(hop.rtnh_len);
        links.push_back(static_cast<std::uint32_t>(hop.rtnh_ifindex));
        if (size < sizeof hop || size > left) return;
        at += size;
        left -= size;
    }
}

std::optional<IpAddress> address_of(const nlattr& attribute) {
    const auto* const bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(&attribute));
    const std::size_t size = mnl_attr_get_payload_len(&attribute);
    if (size == 4) return IpAddress::v4(std::span<const std::uint8_t, 4>(bytes, 4));
    if (size == 16) return IpAddress::v6(std::span<const std::uint8_t, 16>(bytes, 16));
    return std::nullopt;
}

std::optional<Path> path_of(const nlmsghdr& answer) {
    const auto* const body = body_of<rtmsg>(answer);
    if (!body || body->rtm_type != RTN_UNICAST || (body->rtm_flags & RTM_F_CLONED) != 0)
        return std::nullopt;
    if (body->rtm_family != AF_INET && body->rtm_family != AF_INET6) return std::nullopt;
    Path path;
    path.destination.address = *IpAddress::parse(body->rtm_family == AF_INET ? "0.0.0.0" : "::");
    path.destination.length = body->rtm_dst_len;
    path.table = body->rtm_table;
    path.protocol = body->rtm_protocol;
    for_each_attribute(answer, sizeof *body, [&](const nlattr& attribute) {
        const std::uint16_t type = mnl_attr_get_type(&attribute);
        if (type == RTA_TABLE) path.table = number_of(attribute);
        if (type == RTA_PRIORITY) path.metric = number_of(attribute);
        if (type == RTA_OIF) path.links.push_back(number_of(attribute));
        if (type == RTA_MULTIPATH) add_hops(attribute, path.links);
        if (type == RTA_DST) path.destination.address = address_of(attribute).value_or(IpAddress{});
    });
    return path;
}

std::uint32_t metric_of(const Route& route) {
    const std::uint32_t otherwise = route.destination.address.is_v4() ? 0 : ipv6_default_metric;
    return route.metric.value_or(otherwise);
}

bool is_over(const Path& path, const Link& link) {
    return path.links == std::vector<std::uint32_t>{link.index};
}

bool is_the_same(const Path& path, const Route& route) {
    return path.destination == route.destination && path.table == route.table &&
           path.metric == metric_of(route);
}

// Whether it leads there, by whatever metric and whoever made it.
Result<bool> leads_there(Netlink& netlink, const Link& link, const Route& route) {
    const auto paths = list_paths(netlink);
    if (!paths) return paths.error();
    return std::any_of(paths->begin(), paths->end(), [&](const Path& path) {
        return is_over(path, link) && path.destination == route.destination &&
               path.table == route.table;
    });
}

rtmsg route_body(const IpPrefix& destination) {
    rtmsg body{};
    body.rtm_family = family_of(destination.address);
    body.rtm_dst_len = destination.length;
    body.rtm_table = RT_TABLE_UNSPEC;
    body.rtm_protocol = RTPROT_STATIC;
    return body;
}

Status remove_path(Netlink& netlink, const Link& link, const Path& path) {
    rtmsg body = route_body(path.destination);
    body.rtm_scope = RT_SCOPE_NOWHERE;  // of whatever scope
    RtnetlinkRequest request(RTM_DELROUTE, 0, body);
    request.put(RTA_TABLE, path.table);
    request.put(RTA_OIF, link.index);
    request.put(RTA_PRIORITY, path.metric);
    if (path.destination.length > 0) request.put(RTA_DST, path.destination.address);
    auto removed = netlink.request(request.header(), "RTM_DELROUTE",
                                   path.destination.to_string() + " dev " + link.name);
    // It went with an address.
    if (!removed && removed.error().code == ESRCH) return Done{};
    return removed;
}

ifaddrmsg address_body(const Link& link, const IpPrefix& address) {
    ifaddrmsg body{};
    body.ifa_family = family_of(address.address);
    body.ifa_prefixlen = address.length;
    body.ifa_index = link.index;
    return body;
}

Status remove_address(Netlink& netlink, const Link& link, const IpPrefix& address) {
    RtnetlinkRequest request(RTM_DELADDR, 0, address_body(link, address));
    request.put(IFA_LOCAL, address.address);
    auto removed =
        netlink.request(request.header(), "RTM_DELADDR", address.to_string() + " on " + link.name);
    // The kernel takes an address of the same prefix away with the first of them.
    if (!removed && removed.error().code == EADDRNOTAVAIL) return Done{};
    return removed;
}

// IFA_LOCAL is the address itself where there is one; IPv6 has IFA_ADDRESS alone.
std::optional<IpPrefix> prefix_of(const nlmsghdr& answer, const Link& link) {
    const auto* const body = body_of<ifaddrmsg>(answer);
    if (!body || body->ifa_index != link.index) return std::nullopt;
    std::optional<IpAddress> address;
    bool is_local = false;
    for_each_attribute(answer, sizeof *body, [&](const nlattr& attribute) {
        const std::uint16_t type = mnl_attr_get_type(&attribute);
        if (type == IFA_LOCAL || (type == IFA_ADDRESS && !is_local))
            address = address_of(attribute);
        is_local |= type == IFA_LOCAL;
    });
    if (!address) return std::nullopt;
    return IpPrefix{*address, body->ifa_prefixlen};
}

template <class Value>
bool contains(const std::vector<Value>& all, const Value& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

Status add_address(Netlink& netlink, const Link& link, const IpPrefix& address) {
    ifaddrmsg body = address_body(link, address);
    body.ifa_flags = IFA_F_NODAD;
    body.ifa_scope = RT_SCOPE_UNIVERSE;
    RtnetlinkRequest request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body);
    request.put(IFA_LOCAL, address.address);
    request.put(IFA_ADDRESS, address.address);
    return netlink.request(request.header(), "RTM_NEWADDR",
                           address.to_string() + " on " + link.name);
}

Result<std::vector<IpPrefix>> list_addresses(Netlink& netlink, const Link& link) {
    std::vector<IpPrefix> all;
    RtnetlinkRequest request(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{});
    auto asked =
        netlink.query(request.header(), "RTM_GETADDR", link.name, [&](const nlmsghdr& answer) {
            if (const auto one = prefix_of(answer, link)) all.push_back(*one);
        });
    if (!asked) return asked.error();
    return all;
}

// The new ones first, so that the link is never without where it keeps one.
Status set_addresses(Netlink& netlink, const Link& link, const std::vector<IpPrefix>& wanted) {
    const auto there = list_addresses(netlink, link);
    if (!there) return there.error();
    Status done = Done{};
    for (const IpPrefix& address : wanted)
        if (done && !contains(*there, address)) done = add_address(netlink, link, address);
    for (const IpPrefix& address : *there)
        if (done && !contains(wanted, address)) done = remove_address(netlink, link, address);
    if (!done) return done;
    // With the first address of a prefix the kernel has removed the others, wanted ones too.
    const auto left = list_addresses(netlink, link);
    if (!left) return left.error();
    for (const IpPrefix& address : wanted)
        if (done && !contains(*left, address)) done = add_address(netlink, link, address);
    return done;
}

Status add_route(Netlink& netlink, const Link& link, const Route& route) {
    rtmsg body = route_body(route.destination);
    body.rtm_scope = route.destination.address.is_v4() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    body.rtm_type = RTN_UNICAST;
    RtnetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, body);
    request.put(RTA_TABLE, route.table);
    request.put(RTA_OIF, link.index);
    if (route.destination.length > 0) request.put(RTA_DST, route.destination.address);
    if (route.metric) request.put(RTA_PRIORITY, *route.metric);
    auto added = netlink.request(request.header(), "RTM_NEWROUTE",
                                 route.destination.to_string() + " dev " + link.name);
    if (added || added.error().code != EEXIST) return added;
    // The kernel made it itself, for an address of the same prefix; or another interface has it.
    const auto is_ours = leads_there(netlink, link, route);
    if (is_ours && *is_ours) return Done{};
    added.error().hint = "another interface in this namespace has this route";
    return added;
}

Status set_routes(Netlink& netlink, const Link& link, const std::vector<Route>& wanted) {
    const auto paths = list_paths(netlink);
    if (!paths) return paths.error();
    Status done = Done{};
    for (const Route& route : wanted) {
        const bool is_there = std::any_of(paths->begin(), paths->end(), [&](const Path& path) {
            return is_over(path, link) && is_the_same(path, route);
        });
        if (done && !is_there) done = add_route(netlink, link, route);
    }
    for (const Path& path : *paths) {
        const bool is_ours = path.protocol == RTPROT_STATIC && is_over(path, link);
        const bool is_wanted = std::any_of(wanted.begin(), wanted.end(), [&](const Route& route) {
            return is_the_same(path, route);
        });
        if (done && is_ours && !is_wanted) done = remove_path(netlink, link, path);
    }
    return done;
}

Result<std::vector<Path>> list_paths(Netlink& netlink) {
    std::vector<Path> paths;
    RtnetlinkRequest request(RTM_GETROUTE, NLM_F_DUMP, rtmsg{});
    auto asked = netlink.query(request.header(), "RTM_GETROUTE", {}, [&](const nlmsghdr& answer) {
        if (auto path = path_of(answer)) paths.push_back(std::move(*path));
    });
    if (!asked) return asked.error();
    return paths;
}

Result<std::uint32_t> route_mtu(Netlink& netlink, const IpAddress& destination) {
    rtmsg body{};
    body.rtm_family = family_of(destination);
    body.rtm_dst_len = static_cast<unsigned char>(destination.bits());
    RtnetlinkRequest request(RTM_GETROUTE, 0, body);
    request.put(RTA_DST, destination);
    RouteAnswer route;
    auto asked = netlink.query(request.header(), "RTM_GETROUTE", destination.to_string(),
                               [&](const nlmsghdr& answer) { route = route_of(answer); });
    if (!asked) return asked.error();
    if (route.mtu) return *route.mtu;
    auto links = list_links(netlink);
    if (!links) return links.error();
    for (const Link& link : *links)
        if (link.index == route.link_index) return link.mtu;
    return Error{ENODEV, "RTM_GETROUTE", destination.to_string(), {}};
}

}  // namespace wgns
