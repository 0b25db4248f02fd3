// Request and response: a datagram that is sent back at once, asked for at fixed times whether the
// one before was answered or not. A client that waits for each answer would ask less just while the
// tunnel is slow, and hide it.
#pragma once

#include "cli/bench/traffic.h"

namespace wgns::bench {

// Sends back what comes until it is told to stop. Says {"port": N}, returns {}.
[[nodiscard]] Result<nlohmann::json> echo(Channel& channel, const Endpoint& at);

// Asks once a millisecond. Returns {"asked": N, "answered": N} of those that left in the counted
// phase and, where one was answered, their percentiles in seconds by Percentile::part.
[[nodiscard]] Result<nlohmann::json> ask_in_time(const Endpoint& to, const Phases& phases);

// Asks until the first answer is there, for at most ten seconds. Returns
// {"answered_at": SECONDS of CLOCK_MONOTONIC}.
[[nodiscard]] Result<nlohmann::json> ask_until_answered(const Endpoint& to);

}  // namespace wgns::bench
