#include "cli/bench/plan.h"

#include <algorithm>
#include <array>
#include <utility>

namespace wgns::bench {

namespace {

constexpr Measure tcp(const char* id, const char* label, unsigned streams, bool is_reverse) {
    Measure measure{id, label, Traffic::tcp};
    measure.streams = streams;
    measure.is_reverse = is_reverse;
    return measure;
}

constexpr Measure udp(const char* id, const char* label, std::uint32_t size, bool has_trains) {
    Measure measure{id, label, Traffic::udp};
    measure.datagram_size = size;
    measure.has_trains = has_trains;
    return measure;
}

constexpr Measure ping(const char* id, const char* label, bool is_loaded) {
    Measure measure{id, label, Traffic::ping};
    measure.is_loaded = is_loaded;
    return measure;
}

constexpr std::array all_measures{
    ping("idle", "idle", false),
    tcp("tcp1", "1 stream", 1, false),
    tcp("tcp1-reverse", "1 stream, reverse", 1, true),
    tcp("tcp4", "4 streams", 4, false),
    tcp("tcp4-reverse", "4 streams, reverse", 4, true),
    udp("udp64", "64 B", 64, false),
    udp("udp64-gso", "64 B, GSO", 64, true),
    udp("udp200", "200 B", 200, false),
    udp("udp200-gso", "200 B, GSO", 200, true),
    udp("udp512", "512 B", 512, false),
    udp("udp512-gso", "512 B, GSO", 512, true),
    udp("udp1368", "1368 B", 1368, false),
    udp("udp1368-gso", "1368 B, GSO", 1368, true),
    ping("loaded", "under TCP", true),
};

constexpr std::array all_sections{
    Section{"gbit", "TCP, delivered", "Gbit/s", true},
    Section{"kpps", "UDP, delivered", "1000 packets/s", true},
    Section{"udp-gbit", "UDP, delivered", "Gbit/s", true},
    Section{"cpu", "Daemons' CPU over TCP", "s/GB", false},
    Section{"udp-cpu", "Daemons' CPU over UDP", "s/GB", false},
    Section{"ms", "Request and response", "ms", false},
    Section{"per-second", "Handshakes", "1/s", true},
    Section{"handshake-cpu", "Daemon's CPU a handshake", "ms", false},
    Section{"mib", "Peak resident memory", "MiB", false},
    Section{"start", "Start", "ms", false},
};

constexpr std::array percentiles{
    Percentile{"-p50", "p50", 0.5},
    Percentile{"-p99", "p99", 0.99},
    Percentile{"-p999", "p99.9", 0.999},
};

// What is no measure of traffic, by its section.
constexpr std::array<std::pair<const char*, const char*>, 4> figures_of_daemons{{
    {"per-second", "answered"},
    {"handshake-cpu", "answered"},
    {"mib", "the larger daemon"},
    {"start", "to the first answer"},
}};

bool belongs(const Measure& measure, const std::string& section) {
    switch (measure.traffic) {
        case Traffic::tcp:
            return section == "gbit" || section == "cpu";
        case Traffic::udp:
            return section == "kpps" || section == "udp-gbit" || section == "udp-cpu";
        case Traffic::ping:
            return section == "ms";
    }
    return false;
}

void add_figures_of(const Measure& measure, const Section& section, std::vector<Figure>& all) {
    const std::string label = measure.label;
    if (measure.traffic == Traffic::ping) {
        for (const Percentile& each : percentiles)
            all.push_back({figure_id(measure.id, section.id, each.part), label + ", " + each.label,
                           &section});
        return;
    }
    all.push_back({figure_id(measure.id, section.id), label, &section});
}

std::vector<Figure> make_figures() {
    std::vector<Figure> all;
    for (const Section& section : all_sections) {
        for (const Measure& measure : all_measures)
            if (belongs(measure, section.id)) add_figures_of(measure, section, all);
        for (const auto& [id, label] : figures_of_daemons)
            if (std::string(section.id) == id)
                all.push_back({figure_id("daemon", section.id), label, &section});
    }
    return all;
}

}  // namespace

std::span<const Measure> measures() noexcept {
    return all_measures;
}

std::span<const Section> sections() noexcept {
    return all_sections;
}

std::span<const Percentile> latency_percentiles() noexcept {
    return percentiles;
}

const std::vector<Figure>& figures() {
    static const std::vector<Figure> all = make_figures();
    return all;
}

std::string figure_id(const char* measure, const char* section, const char* part) {
    return std::string(measure) + part + "." + section;
}

double Extent::warm_up_seconds() const noexcept {
    return std::clamp(seconds / 5, 0.05, 0.3);
}

}  // namespace wgns::bench
