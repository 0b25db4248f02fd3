// Links of one network namespace, by rtnetlink. The Netlink says which namespace.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "netns/netlink.h"

namespace wgns {

// 1 to 15 bytes that the kernel takes and scripts survive: no '/', ':', '%' or blank, not "." or
// "..".
[[nodiscard]] bool valid_interface_name(std::string_view name) noexcept;

struct Link {
    std::string name;
    std::uint32_t index = 0;
    std::uint32_t mtu = 0;
    std::uint32_t gso_max_size = 0;  // bytes of the largest superpacket that it is given
    bool is_up = false;
};

[[nodiscard]] Result<std::vector<Link>> list_links(Netlink& netlink);
[[nodiscard]] Result<Link> find_link(Netlink& netlink, const std::string& name);
// The same in another namespace, by the number that it has in this one (`ip netns list-id`). Needs
// CAP_NET_ADMIN there, and nobody goes there for it.
[[nodiscard]] Result<Link> find_link_elsewhere(Netlink& netlink, std::int32_t ns_number,
                                               const std::string& name);
// The number that the namespace of that descriptor has in this one, or gets. Needs CAP_NET_ADMIN.
[[nodiscard]] Result<std::int32_t> number_namespace(Netlink& netlink, int ns);

// A cable: two links of kind veth, `name` here and `peer_name` in the namespace that `peer_ns` is a
// descriptor of. Both are down, and gone as soon as one is.
[[nodiscard]] Status add_veth(Netlink& netlink, const std::string& name, int peer_ns,
                              const std::string& peer_name);

[[nodiscard]] Status set_link_mtu(Netlink& netlink, const Link& link, std::uint32_t mtu);
// At most 65,536. What is larger reaches the device in packets.
[[nodiscard]] Status set_link_gso_max_size(Netlink& netlink, const Link& link, std::uint32_t bytes);
[[nodiscard]] Status set_link_up(Netlink& netlink, const Link& link);
// Before a TUN comes up: no link-local address of its own and no multicast, so that nothing but
// what was asked for enters the tunnel; and its MTU.
[[nodiscard]] Status prepare_tun(Netlink& netlink, const Link& link, std::uint32_t mtu);

}  // namespace wgns
