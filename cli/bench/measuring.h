// Carrying out one measure between two ends.
#pragma once

#include <map>
#include <string>

#include "cli/bench/ends.h"
#include "cli/bench/tunnel.h"

namespace wgns::bench {

// By the figures' ids (plan.h), in their units.
using Values = std::map<std::string, double>;

[[nodiscard]] Result<Values, Failure> carry_out(const Measure& measure, const Extent& extent,
                                                Ends& ends, const Interrupt& interrupt);

// What daemons used so far, without traffic: memory.
[[nodiscard]] Result<Values, Failure> values_of_daemons(Ends& ends);
// How many handshakes the first daemon answers. It has more peers afterwards, and has used more
// memory than it does for traffic: take it last.
[[nodiscard]] Result<Values, Failure> measure_handshakes(const Extent& extent, Tunnel& tunnel,
                                                         const Interrupt& interrupt);
// How long the daemons took to start.
[[nodiscard]] Values values_of_start(const Tunnel& tunnel);

}  // namespace wgns::bench
