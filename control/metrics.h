// What the daemon tells Prometheus of itself: the text exposition format, version 0.0.4. From the
// same snapshot as control/status.h, and like that without any private or preshared key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "control/status.h"

namespace wgns {

inline constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

// What became of endpoints that are names, since the daemon began.
struct EndpointCounts {
    std::uint64_t failed_lookups = 0;
    std::uint64_t changes = 0;  // endpoints that were written because of an answer
};

// Every sample has the label `instance`. Those of a peer have `peer`, its name if it has one of its
// own, else its public key: two samples never have the same labels. Drops are there for each
// reason, also those that never happened. The longest turn is that of `snapshot`.
[[nodiscard]] std::string metrics_text(const WorkerSnapshot& snapshot, const StatusFacts& facts,
                                       const EndpointCounts& endpoints);

// A label's value as it stands between its quotes. The text is UTF-8.
[[nodiscard]] std::string escaped_label(std::string_view value);

}  // namespace wgns
