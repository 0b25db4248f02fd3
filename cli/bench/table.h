// The result for people, in a terminal.
#pragma once

#include <string>

#include "cli/bench/result.h"

namespace wgns::bench {

// Three digits that count: "0.139", "3.02", "13.9", "188".
[[nodiscard]] std::string print_number(double value);

// "medians and lowest..highest of 3 rounds of 3 s a measure".
[[nodiscard]] std::string print_extent(const Extent& extent);

// A block of lines for each section; the median of the rounds, their range where there are several,
// and how ours stands to each other contestant's.
[[nodiscard]] std::string print_table(const BenchResult& result);

}  // namespace wgns::bench
