// UDP as fast as it goes, one flow: datagrams of one size, handed to the kernel many a call
// (sendmmsg, and UDP_SEGMENT where asked for) and taken from it likewise (recvmmsg, UDP_GRO), so
// that neither end is what limits.
#pragma once

#include "cli/bench/traffic.h"

namespace wgns::bench {

struct UdpPlan {
    std::uint32_t datagram_size = 0;
    bool has_trains = false;  // UDP_SEGMENT
    Phases phases;            // they begin with the first datagram
};

// Until it is told to stop and nothing comes any more. Says {"port": N}, returns
// {"bytes": all that came, "counted_bytes": N, "counted_packets": N, "counted_seconds": S}.
[[nodiscard]] Result<nlohmann::json> sink_udp(Channel& channel, const Endpoint& at,
                                              const UdpPlan& plan);
// Returns {"sent": bytes}.
[[nodiscard]] Result<nlohmann::json> send_udp(const Endpoint& to, const UdpPlan& plan);

}  // namespace wgns::bench
