// A result that no machine had a part in.
#pragma once

#include "cli/bench/result.h"

namespace wgns::bench {

// Ours with the samples `scale`, 2 and 3 times `scale` for every figure, in three rounds.
inline BenchResult fixed_result(double scale = 1) {
    BenchResult result;
    result.when = "2026-11-25T20:00:00Z";
    result.command_line = {"wgns-user", "bench"};
    result.machine = {"6.18.0 x86_64", "Fixed <CPU> & Co", 2, 4096};
    result.extent = {3, 0.5};
    result.contestants.push_back({"wgns-user", "wgns-user {}", "0.1.0", {}});
    for (const Figure& figure : figures())
        result.contestants[0].samples[figure.id] = {3 * scale, 1 * scale, 2 * scale};
    return result;
}

// With another that has twice as much of everything.
inline BenchResult fixed_pair() {
    BenchResult result = fixed_result();
    result.contestants.push_back({"other", "other {}", "", {}});
    for (const Figure& figure : figures())
        result.contestants[1].samples[figure.id] = {6, 2, 4};
    return result;
}

}  // namespace wgns::bench
