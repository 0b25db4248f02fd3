// Two network namespaces without names, joined by a veth pair. They live as long as the object and
// the processes inside.
#pragma once

#include <array>
#include <string>

#include "base/ip_address.h"
#include "base/result.h"
#include "netns/namespace.h"

namespace wgns::bench {

// The two ends of everything: hosts, the cable between them, the tunnel, traffic.
enum class Side { first, second };
[[nodiscard]] constexpr Side other(Side side) noexcept {
    return side == Side::first ? Side::second : Side::first;
}
[[nodiscard]] constexpr std::size_t number(Side side) noexcept {
    return side == Side::first ? 0 : 1;
}

inline constexpr std::uint16_t tunnel_port = 51820;
inline constexpr std::uint32_t tunnel_mtu = 1420;
inline constexpr const char* tunnel_interface = "wgbench0";

// On the cable, and inside the tunnel.
[[nodiscard]] IpAddress outer_address(Side side);
[[nodiscard]] IpAddress inner_address(Side side);

class Network {
public:
    [[nodiscard]] static Result<Network> make();
    [[nodiscard]] const Namespace& of(Side side) const noexcept { return hosts_[number(side)]; }

private:
    explicit Network(std::array<Namespace, 2> hosts) noexcept : hosts_(std::move(hosts)) {}
    [[nodiscard]] Status furnish(Side side) const;

    std::array<Namespace, 2> hosts_;
};

}  // namespace wgns::bench
