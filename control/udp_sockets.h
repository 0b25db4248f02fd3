// The UDP sockets of an instance: for each worker one a family, all on the same port, in the
// network namespace of the caller.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace wgns {

// A worker's.
struct UdpSockets {
    UniqueFd v4;  // none where the host has no IPv4
    UniqueFd v6;  // none where the host has no IPv6
};

using UdpGroup = std::vector<UdpSockets>;

// For `count` workers, at least one. `port` 0: one that is free in both families. An error when
// there is no family at all, or when the port is taken.
Result<UdpGroup> open_udp_group(unsigned count, std::uint16_t port, std::uint32_t fwmark);

// Descriptors of their own for the same sockets.
Result<UdpGroup> duplicate(const UdpGroup& group);
// The port that they have, 0 when there is no socket.
[[nodiscard]] std::uint16_t port_of(const UdpGroup& group) noexcept;
// Holds for every descriptor of the sockets. An error leaves some of them marked.
Status set_mark(const UdpGroup& group, std::uint32_t fwmark);

}  // namespace wgns
