// TCP as fast as it goes, over one stream or several, each with a thread of its own at both ends.
#pragma once

#include "cli/bench/traffic.h"

namespace wgns::bench {

struct TcpPlan {
    unsigned streams = 1;
    bool is_reverse = false;  // who listens sends
    Phases phases;
};

// One of the two sends and returns {"sent": BYTES}; the other one receives until every stream has
// ended, and returns {"bytes": all that came, "counted_bytes": N, "counted_seconds": S}.
//
// Says {"port": N} first.
[[nodiscard]] Result<nlohmann::json> listen_tcp(Channel& channel, const Endpoint& at,
                                                const TcpPlan& plan);
[[nodiscard]] Result<nlohmann::json> call_tcp(const Endpoint& to, const TcpPlan& plan);

}  // namespace wgns::bench
