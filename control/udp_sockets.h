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

}  // namespace wgns
