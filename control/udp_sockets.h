// The UDP sockets of an instance: one a family, on the same port, in the network namespace of the
// caller.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"

namespace wgns {

struct UdpSockets {
    UniqueFd v4;  // none where the host has no IPv4
    UniqueFd v6;  // none where the host has no IPv6
};

// `port` 0: one that is free in both families. An error when there is no family at all, or when the
// port is taken.
Result<UdpSockets> open_udp_sockets(std::uint16_t port, std::uint32_t fwmark);

// Descriptors of their own for the same sockets.
Result<UdpSockets> duplicate(const UdpSockets& sockets);
// The port that they have, 0 when there is no socket.
[[nodiscard]] std::uint16_t port_of(const UdpSockets& sockets) noexcept;
// Holds for every descriptor of the sockets. An error leaves the first family marked.
Status set_mark(const UdpSockets& sockets, std::uint32_t fwmark);

}  // namespace wgns
