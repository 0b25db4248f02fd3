// The result as a picture: one file without anything from elsewhere, readable on light and dark.
#pragma once

#include <string>

#include "cli/bench/result.h"

namespace wgns::bench {

// Horizontal bars, those of one section on one scale, and the ratios of print_table.
[[nodiscard]] std::string print_svg(const BenchResult& result);

}  // namespace wgns::bench
