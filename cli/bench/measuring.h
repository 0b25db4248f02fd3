// Carrying out one measure through a tunnel.
#pragma once

#include <map>
#include <string>

#include "cli/bench/plan.h"
#include "cli/bench/tunnel.h"

namespace wgns::bench {

// By the figures' ids (plan.h), in their units.
using Values = std::map<std::string, double>;

[[nodiscard]] Result<Values, Failure> carry_out(const Measure& measure, const Extent& extent,
                                                Tunnel& tunnel, const Interrupt& interrupt);

// Those that the daemons give without traffic: memory so far, and how long they took to start.
[[nodiscard]] Result<Values, Failure> values_of_daemons(Tunnel& tunnel);

}  // namespace wgns::bench
