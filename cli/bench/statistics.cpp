#include "cli/bench/statistics.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace wgns::bench {

double percentile(std::span<const double> sorted, double share) {
    WG_ASSERT(!sorted.empty());
    const double rank = std::ceil(share * static_cast<double>(sorted.size()));
    const auto at = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
    return sorted[std::min(at, sorted.size() - 1)];
}

double median(std::vector<double> samples) {
    WG_ASSERT(!samples.empty());
    std::sort(samples.begin(), samples.end());
    const std::size_t middle = samples.size() / 2;
    if (samples.size() % 2 == 1) return samples[middle];
    return (samples[middle - 1] + samples[middle]) / 2;
}

Summary summarize(const std::vector<double>& samples) {
    const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
    return {median(samples), *low, *high};
}

double ratio(std::span<const double> ours, std::span<const double> theirs) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i)
        if (theirs[i] > 0) ratios.push_back(ours[i] / theirs[i]);
    return ratios.empty() ? 0 : median(std::move(ratios));
}

}  // namespace wgns::bench
