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
// How long they took to start.
[[nodiscard]] Values values_of_start(const Tunnel& tunnel);

}  // namespace wgns::bench
