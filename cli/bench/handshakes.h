// How many handshakes a second a daemon answers: peers of it, each with keys of its own, that ask
// for one after the other. The handshakes are genuine, but end with the response.
#pragma once

#include "cli/bench/initiators.h"
#include "cli/bench/traffic.h"

namespace wgns::bench {

// In turns, so that none asks before the daemon has to listen to it again: with these it takes more
// than 25,000 a second for that to matter.
inline constexpr std::size_t handshake_peers = 512;
// Half of what wireguard-go calls load, so that no cookies are asked for.
inline constexpr std::size_t handshakes_at_once = 64;

// Asks the daemon, which knows the initiators. An initiation that comes to nothing is given up
// after a moment. The phases begin with the first response. Returns {"answered": all, "counted": of
// the counted phase, "counted_seconds": S}.
[[nodiscard]] Result<nlohmann::json> shake_hands(Initiators& initiators, const Endpoint& daemon,
                                                 const Phases& phases);

}  // namespace wgns::bench
