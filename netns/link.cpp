#include "netns/link.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "netns/rtnetlink_request.h"

namespace wgns {

namespace {

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

// IPv6's share of a link's settings, nested two deep (IFLA_AF_SPEC, AF_INET6).
Status stop_link_local_addresses(Netlink& netlink, const Link& link) {
    RtnetlinkRequest request(RTM_NEWLINK, 0, link_body(link.index));
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
    RtnetlinkRequest request(RTM_GETLINK, NLM_F_DUMP, link_body(0));
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

Result<Link> find_link_elsewhere(Netlink& netlink, std::int32_t ns_number,
                                 const std::string& name) {
    Link link;
    RtnetlinkRequest request(RTM_GETLINK, 0, link_body(0));
    mnl_attr_put_strz(&request.header(), IFLA_IFNAME, name.c_str());
    request.put(IFLA_TARGET_NETNSID, static_cast<std::uint32_t>(ns_number));
    const auto asked = netlink.query(request.header(), "RTM_GETLINK", name,
                                     [&](const nlmsghdr& answer) { link = link_of(answer); });
    if (!asked) return asked.error();
    return link;
}

Result<std::int32_t> number_namespace(Netlink& netlink, int ns) {
    RtnetlinkRequest give(RTM_NEWNSID, 0, rtgenmsg{});
    give.put(NETNSA_NSID, static_cast<std::uint32_t>(NETNSA_NSID_NOT_ASSIGNED));
    give.put(NETNSA_FD, static_cast<std::uint32_t>(ns));
    const auto given = netlink.request(give.header(), "RTM_NEWNSID", {});
    if (!given && given.error().code != EEXIST) return given.error();
    std::int32_t number = NETNSA_NSID_NOT_ASSIGNED;
    RtnetlinkRequest ask(RTM_GETNSID, 0, rtgenmsg{});
    ask.put(NETNSA_FD, static_cast<std::uint32_t>(ns));
    const auto asked = netlink.query(ask.header(), "RTM_GETNSID", {}, [&](const nlmsghdr& answer) {
        for_each_attribute(answer, sizeof(rtgenmsg), [&](const nlattr& attribute) {
            if (mnl_attr_get_type(&attribute) == NETNSA_NSID)
                number = static_cast<std::int32_t>(number_of(attribute));
        });
    });
    if (!asked) return asked.error();
    if (number < 0) return Error{ENOENT, "RTM_GETNSID", "", "the namespace has no number here"};
    return number;
}

Status add_veth(Netlink& netlink, const std::string& name, int peer_ns,
                const std::string& peer_name) {
    RtnetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link_body(0));
    nlmsghdr* const header = &request.header();
    mnl_attr_put_strz(header, IFLA_IFNAME, name.c_str());
    nlattr* const info = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
    nlattr* const data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
    // The other end is described as by a request of its own.
    nlattr* const peer = mnl_attr_nest_start(header, VETH_INFO_PEER);
    *static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg))) = link_body(0);
    mnl_attr_put_strz(header, IFLA_IFNAME, peer_name.c_str());
    request.put(IFLA_NET_NS_FD, static_cast<std::uint32_t>(peer_ns));
    mnl_attr_nest_end(header, peer);
    mnl_attr_nest_end(header, data);
    mnl_attr_nest_end(header, info);
    return netlink.request(*header, "RTM_NEWLINK veth", name);
}

Status set_link_up(Netlink& netlink, const Link& link) {
    ifinfomsg body = link_body(link.index);
    body.ifi_flags = body.ifi_change = IFF_UP;
    RtnetlinkRequest request(RTM_NEWLINK, 0, body);
    return netlink.request(request.header(), "RTM_NEWLINK up", link.name);
}

Status set_link_mtu(Netlink& netlink, const Link& link, std::uint32_t mtu) {
    RtnetlinkRequest request(RTM_NEWLINK, 0, link_body(link.index));
    request.put(IFLA_MTU, mtu);
    return netlink.request(request.header(), "RTM_NEWLINK mtu", link.name);
}

Status set_link_gso_max_size(Netlink& netlink, const Link& link, std::uint32_t bytes) {
    RtnetlinkRequest request(RTM_NEWLINK, 0, link_body(link.index));
    request.put(IFLA_GSO_MAX_SIZE, bytes);
    return netlink.request(request.header(), "RTM_NEWLINK gso_max_size", link.name);
}

Status prepare_tun(Netlink& netlink, const Link& link, std::uint32_t mtu) {
    ifinfomsg body = link_body(link.index);
    body.ifi_change = IFF_MULTICAST;
    RtnetlinkRequest request(RTM_NEWLINK, 0, body);
    request.put(IFLA_MTU, mtu);
    auto set = netlink.request(request.header(), "RTM_NEWLINK mtu", link.name);
    if (!set) return set;
    auto stopped = stop_link_local_addresses(netlink, link);
    // A host without IPv6 has no such addresses to stop.
    if (!stopped && stopped.error().code != EAFNOSUPPORT && stopped.error().code != EOPNOTSUPP)
        return stopped;
    return Done{};
}

}  // namespace wgns
