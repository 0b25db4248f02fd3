// What a WireGuard device is at one moment, for UAPI, status and metrics.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "crypto/secret.h"

namespace wgns {

// Move-only because of its secret.
struct PeerSnapshot {
    PublicKey public_key{};
    PresharedKey preshared_key{};                    // zero: none
    Endpoint endpoint{};                             // not set: none known
    WallTime last_handshake{};                       // zero: never
    TimePoint unanswered_since{};                    // Timers::unanswered_since
    std::uint64_t received_bytes = 0;                // on the wire, authentic datagrams only
    std::uint64_t sent_bytes = 0;                    // on the wire
    std::size_t staged_packets = 0;                  // that wait for a session
    std::uint16_t persistent_keepalive_seconds = 0;  // 0: off
    std::vector<IpPrefix> allowed_ips{};             // masked
};

struct DeviceSnapshot {
    PrivateKey private_key{};           // zero: none
    std::uint16_t listen_port = 0;      // 0: no socket
    std::uint32_t fwmark = 0;           // 0: none
    std::vector<PeerSnapshot> peers{};  // in the order of their creation
};

}  // namespace wgns
