// Where and how a run happened, for whoever reads its figures later.
#pragma once

#include <string>
#include <vector>

#include "cli/bench/result.h"

namespace wgns::bench {

[[nodiscard]] Machine this_machine();
// Of the line that /proc/stat begins with: ticks of all processors, without those that they were
// idle, and all.
struct Ticks {
    double busy = 0;
    double all = 0;
};
[[nodiscard]] Ticks ticks_of(const std::string& stat);
[[nodiscard]] Ticks ticks_now();
// The share of the processors' time between the two that somebody worked, 0 to 1.
[[nodiscard]] double busy_share(const Ticks& before, const Ticks& after);

// Of this process, as it was given.
[[nodiscard]] std::vector<std::string> own_command_line();
// UTC, "2026-11-25T20:00:00Z".
[[nodiscard]] std::string time_now();

// The processor's name in what /proc/cpuinfo has; the machine's kind where it has none.
[[nodiscard]] std::string cpu_name(const std::string& cpuinfo, const std::string& kind);

}  // namespace wgns::bench
