// Two results side by side: what has really moved.
#pragma once

#include <string>
#include <vector>

#include "cli/bench/result.h"

namespace wgns::bench {

// Two runs of one program differ by up to a tenth on a machine that does nothing else
// (docs/PERFORMANCE.md).
inline constexpr double noise_share = 0.1;

struct Change {
    std::string contestant;
    const Figure* figure = nullptr;
    double before = 0;  // medians
    double now = 0;
    bool is_better = false;
};

// A figure has moved when its median changed by more than noise_share and no round of one run lies
// within the range of the other's.
[[nodiscard]] std::vector<Change> changes(const BenchResult& before, const BenchResult& now);

// What differs between the runs beside the program, the changes, and the rule; lines for people.
[[nodiscard]] std::string print_comparison(const BenchResult& before, const BenchResult& now);

}  // namespace wgns::bench
