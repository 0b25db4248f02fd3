// What is measured, as data: the measures that are run one after the other, and the figures that
// come of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wgns::bench {

enum class Traffic { tcp, udp, ping };

struct Measure {
    const char* id;
    const char* label;  // beside the name of its section
    Traffic traffic;
    bool is_reverse = false;          // from the second host to the first
    unsigned streams = 1;             // TCP
    std::uint32_t datagram_size = 0;  // UDP, bytes of payload
    bool has_trains = false;          // UDP: handed over in trains (UDP_SEGMENT)
    bool is_loaded = false;           // ping: while TCP fills the tunnel
};

[[nodiscard]] std::span<const Measure> measures() noexcept;

// Figures of one kind and unit, which can be shown on one scale.
struct Section {
    const char* id;  // the end of a figure's id, behind a dot
    const char* title;
    const char* unit;
    bool is_higher_better;
};
[[nodiscard]] std::span<const Section> sections() noexcept;

struct Figure {
    std::string id;  // "tcp1.gbit", "idle-p99.ms"
    std::string label;
    const Section* section;
};
// Of all measures, and those of the daemons themselves: handshakes, memory, start; by section, in
// the order in which they are shown.
[[nodiscard]] const std::vector<Figure>& figures();

// The figure of one measure in a section. `part` tells several apart: "-p99".
[[nodiscard]] std::string figure_id(const char* measure, const char* section,
                                    const char* part = "");

struct Percentile {
    const char* part;
    const char* label;
    double share;
};
[[nodiscard]] std::span<const Percentile> latency_percentiles() noexcept;

// How much is measured.
struct Extent {
    unsigned rounds = 3;
    double seconds = 3;  // a measure

    // Before it, while TCP finds its speed; what passes then is not counted as throughput.
    [[nodiscard]] double warm_up_seconds() const noexcept;
};
inline constexpr Extent quick_extent{1, 0.5};

}  // namespace wgns::bench
