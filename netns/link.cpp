#include "netns/link.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

namespace wgns {

namespace {

// A request with room for the attributes of any of this file's.
class Request {
public:
    template <class Body>
    Request(std::uint16_t type, std::uint16_t flags, const Body& body) {
        header_ = mnl_nlmsg_put_header(buffer_.data());
        header_->nlmsg_type = type;
        header_->nlmsg_flags = flags;
        *static_cast<Body*>(mnl_nlmsg_put_extra_header(header_, sizeof(Body))) = body;
    }
    [[nodiscard]] nlmsghdr& header() noexcept { return *header_; }
    void put(std::uint16_t type, std::uint32_t value) noexcept {
        mnl_attr_put_u32(header_, type, value);
    }
    void put(std::uint16_t type, const IpAddress& address) noexcept {
        mnl_attr_put(header_, type, address.bytes().size(), address.bytes().data());
    }

private:
    alignas(nlmsghdr) std::array<char, 512> buffer_{};
    nlmsghdr* header_ = nullptr;
};

std::uint8_t family_of(const IpAddress& address) noexcept {
    return address.is_v4() ? AF_INET : AF_INET6;
}

ifinfomsg link_body(std::uint32_t index) noexcept {
    ifinfomsg body{};
    body.ifi_family = AF_UNSPEC;
    body.ifi_index = static_cast<int>(index);
    return body;
}

Link link_of(const nlmsghdr& answer) {
    Link link;
    const auto* const body = body_of<ifinfomsg>(answer);
    if (!body) return link;
    link.index = static_cast<std::uint32_t>(body->ifi_index);
    link.is_up = (body->ifi_flags & IFF_UP) != 0;
    for_each_attribute(answer, sizeof *body, [&](const nlattr& attribute) {
        const std::uint16_t type = mnl_attr_get_type(&attribute);
        if (type == IFLA_IFNAME) link.name = text_of(attribute);
        if (type == IFLA_MTU) link.mtu = number_of(attribute);
        if (type == IFLA_GSO_MAX_SIZE) link.gso_max_size = number_of(attribute);
    });
    return link;
}

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

// Whether `answer` is a route to exactly `route.destination` in its table, over `link`.
bool is_same_route(const nlmsghdr& answer, const Link& link, const Route& route) {
    const auto* const body = body_of<rtmsg>(answer);
    if (!body || body->rtm_dst_len != route.destination.length) return false;
    const Bytes wanted = route.destination.address.bytes();
    bool is_there = route.destination.length == 0;
    bool is_over_link = false;
    std::uint32_t table = body->rtm_table;
    for_each_attribute(answer, sizeof *body, [&](const nlattr& attribute) {
        const std::uint16_t type = mnl_attr_get_type(&attribute);
        if (type == RTA_TABLE) table = number_of(attribute);
        if (type == RTA_OIF) is_over_link = number_of(attribute) == link.index;
        if (type == RTA_DST && mnl_attr_get_payload_len(&attribute) == wanted.size())
            is_there =
                std::memcmp(mnl_attr_get_payload(&attribute), wanted.data(), wanted.size()) == 0;
    });
    return is_there && is_over_link && table == route.table;
}

Result<bool> has_route(Netlink& netlink, const Link& link, const Route& route) {
    rtmsg body{};
    body.rtm_family = family_of(route.destination.address);
    Request request(RTM_GETROUTE, NLM_F_DUMP, body);
    bool is_there = false;
    auto asked = netlink.query(
        request.header(), "RTM_GETROUTE", route.destination.to_string(),
        [&](const nlmsghdr& answer) { is_there |= is_same_route(answer, link, route); });
    if (!asked) return asked.error();
    return is_there;
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
    for_each_attribute(answer, sizeof *body, [&](const nlattr& attribute) {
        const std::uint16_t type = mnl_attr_get_type(&attribute);
        if (type == RTA_TABLE) path.table = number_of(attribute);
        if (type == RTA_OIF) path.links.push_back(number_of(attribute));
        if (type == RTA_MULTIPATH) add_hops(attribute, path.links);
        if (type == RTA_DST) path.destination.address = address_of(attribute).value_or(IpAddress{});
    });
    return path;
}

// IPv6's share of a link's settings, nested two deep (IFLA_AF_SPEC, AF_INET6).
Status stop_link_local_addresses(Netlink& netlink, const Link& link) {
    Request request(RTM_NEWLINK, 0, link_body(link.index));
    nlattr* const spec = mnl_attr_nest_start(&request.header(), IFLA_AF_SPEC);
    nlattr* const inet6 = mnl_attr_nest_start(&request.header(), AF_INET6);
    mnl_attr_put_u8(&request.header(), IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    mnl_attr_nest_end(&request.header(), inet6);
    mnl_attr_nest_end(&request.header(), spec);
    return netlink.request(request.header(), "RTM_NEWLINK addrgenmode none", link.name);
}

}  // namespace

bool valid_interface_name(std::string_view name) noexcept {
    if (name.empty() || name.size() > 15 || name == "." || name == "..") return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return c > ' ' && c != 0x7f && c != '/' && c != ':' && c != '%';
    });
}

Result<std::vector<Link>> list_links(Netlink& netlink) {
    std::vector<Link> links;
    Request request(RTM_GETLINK, NLM_F_DUMP, link_body(0));
    auto asked = netlink.query(request.header(), "RTM_GETLINK", {},
                               [&](const nlmsghdr& answer) { links.push_back(link_of(answer)); });
    if (!asked) return asked.error();
    return links;
}

Result<Link> find_link(Netlink& netlink, const std::string& name) {
    auto links = list_links(netlink);
    if (!links) return links.error();
    for (const Link& link : *links)
        if (link.name == name) return link;
    return Error{ENODEV, "RTM_GETLINK", name, {}};
}

Status set_link_up(Netlink& netlink, const Link& link) {
    ifinfomsg body = link_body(link.index);
    body.ifi_flags = body.ifi_change = IFF_UP;
    Request request(RTM_NEWLINK, 0, body);
    return netlink.request(request.header(), "RTM_NEWLINK up", link.name);
}

Status set_link_mtu(Netlink& netlink, const Link& link, std::uint32_t mtu) {
    Request request(RTM_NEWLINK, 0, link_body(link.index));
    request.put(IFLA_MTU, mtu);
    return netlink.request(request.header(), "RTM_NEWLINK mtu", link.name);
}

Status set_link_gso_max_size(Netlink& netlink, const Link& link, std::uint32_t bytes) {
    Request request(RTM_NEWLINK, 0, link_body(link.index));
    request.put(IFLA_GSO_MAX_SIZE, bytes);
    return netlink.request(request.header(), "RTM_NEWLINK gso_max_size", link.name);
}

Status prepare_tun(Netlink& netlink, const Link& link, std::uint32_t mtu) {
    ifinfomsg body = link_body(link.index);
    body.ifi_change = IFF_MULTICAST;
    Request request(RTM_NEWLINK, 0, body);
    request.put(IFLA_MTU, mtu);
    auto set = netlink.request(request.header(), "RTM_NEWLINK mtu", link.name);
    if (!set) return set;
    auto stopped = stop_link_local_addresses(netlink, link);
    // A host without IPv6 has no such addresses to stop.
    if (!stopped && stopped.error().code != EAFNOSUPPORT && stopped.error().code != EOPNOTSUPP)
        return stopped;
    return Done{};
}

Status add_address(Netlink& netlink, const Link& link, const IpPrefix& address) {
    ifaddrmsg body{};
    body.ifa_family = family_of(address.address);
    body.ifa_prefixlen = address.length;
    body.ifa_flags = IFA_F_NODAD;
    body.ifa_scope = RT_SCOPE_UNIVERSE;
    body.ifa_index = link.index;
    Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body);
    request.put(IFA_LOCAL, address.address);
    request.put(IFA_ADDRESS, address.address);
    return netlink.request(request.header(), "RTM_NEWADDR",
                           address.to_string() + " on " + link.name);
}

Status add_route(Netlink& netlink, const Link& link, const Route& route) {
    rtmsg body{};
    body.rtm_family = family_of(route.destination.address);
    body.rtm_dst_len = route.destination.length;
    body.rtm_table = RT_TABLE_UNSPEC;
    body.rtm_protocol = RTPROT_STATIC;
    body.rtm_scope = route.destination.address.is_v4() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    body.rtm_type = RTN_UNICAST;
    Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, body);
    request.put(RTA_TABLE, route.table);
    request.put(RTA_OIF, link.index);
    if (route.destination.length > 0) request.put(RTA_DST, route.destination.address);
    if (route.metric) request.put(RTA_PRIORITY, *route.metric);
    auto added = netlink.request(request.header(), "RTM_NEWROUTE",
                                 route.destination.to_string() + " dev " + link.name);
    if (added || added.error().code != EEXIST) return added;
    // The kernel made it itself, for an address of the same prefix; or another interface has it.
    const auto is_ours = has_route(netlink, link, route);
    if (is_ours && *is_ours) return Done{};
    added.error().hint = "another interface in this namespace has this route";
    return added;
}

Result<std::vector<Path>> list_paths(Netlink& netlink) {
    std::vector<Path> paths;
    Request request(RTM_GETROUTE, NLM_F_DUMP, rtmsg{});
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
    Request request(RTM_GETROUTE, 0, body);
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
