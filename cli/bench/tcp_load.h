// TCP as fast as it goes, over one stream or several, each with a thread of its own at both ends.
#pragma once

#include "cli/bench/traffic.h"

namespace wgns::bench {

struct TcpPlan {
    unsigned streams = 1;
    Phases phases;
};

// Until every source has closed. Says {"port": N}, returns
// {"bytes": all that came, "counted_bytes": N, "counted_seconds": S}.
[[nodiscard]] Result<nlohmann::json> sink_tcp(Channel& channel, const IpAddress& address,
                                              const TcpPlan& plan);
// Returns {"sent": bytes}.
[[nodiscard]] Result<nlohmann::json> send_tcp(const Endpoint& to, const TcpPlan& plan);

}  // namespace wgns::bench
