// What several samples of one figure say together.
#pragma once

#include <span>
#include <vector>

namespace wgns::bench {

// The value below or at which `share` (0 to 1) of the samples lie: one of the samples themselves
// (nearest rank). `sorted` ascends and is not empty.
[[nodiscard]] double percentile(std::span<const double> sorted, double share);

// Of two in the middle the mean. Not empty.
[[nodiscard]] double median(std::vector<double> samples);

struct Summary {
    double median = 0;
    double low = 0;
    double high = 0;
};
// Not empty.
[[nodiscard]] Summary summarize(const std::vector<double>& samples);

// The median of ours / theirs, each taken within a round, because a slow spell of the machine hits
// both that ran in it. Zero where no round has both.
[[nodiscard]] double ratio(std::span<const double> ours, std::span<const double> theirs);

}  // namespace wgns::bench
