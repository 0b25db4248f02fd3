#include "cli/bench/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/bench/statistics.h"

namespace wgns::bench {

namespace {

constexpr int label_width = 26;
constexpr int value_width = 9;
constexpr int range_width = 18;
constexpr int ratio_width = 14;
// What a machine does when it does nothing.
constexpr double busy_share_max = 0.1;

std::string print_range(const BenchResult& result, const std::vector<double>& samples) {
    if (result.extent.rounds < 2) return "";
    const Summary summary = summarize(samples);
    return fmt::format("{}..{}", print_number(summary.low), print_number(summary.high));
}

std::string print_cells(const BenchResult& result, const std::string& id) {
    std::string line;
    const Contestant& ours = result.contestants.front();
    for (const Contestant& each : result.contestants) {
        const auto* const samples = samples_of(each, id);
        if (samples == nullptr) {
            line += fmt::format("{:>{}}{:>{}}", "-", value_width, "", range_width);
            continue;
        }
        line += fmt::format("{:>{}}{:>{}}", print_number(median(*samples)), value_width,
                            print_range(result, *samples), range_width);
        const auto* const own = samples_of(ours, id);
        if (&each != &ours && own != nullptr)
            line += fmt::format("{:>{}}", print_number(ratio(*own, *samples)), ratio_width);
    }
    return line;
}

std::string print_names(const BenchResult& result) {
    constexpr int width = value_width + range_width;
    std::string line;
    for (const Contestant& each : result.contestants) {
        // The name above the value, which ends before the range begins.
        line += fmt::format("  {:<{}.{}}", each.name, width - 2, width - 2);
        if (&each != &result.contestants.front())
            line += fmt::format("{:>{}}", "ours : this", ratio_width);
    }
    return line;
}

std::string without_blanks_at_end(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::string print_head(const BenchResult& result) {
    std::string text =
        fmt::format("Linux {}, {} x {}, {}\n{}\n", result.machine.kernel, result.machine.cpus,
                    result.machine.cpu, result.when, print_extent(result.extent));
    if (result.busy_before > busy_share_max)
        text += fmt::format("others used {:.0f} % of the processors before it began: expect less\n",
                            result.busy_before * 100);
    if (!result.path.empty())
        text +=
            fmt::format("through {}; CPU and memory are of the daemon at this end\n", result.path);
    for (const Contestant& each : result.contestants)
        text += fmt::format("{}: {}{}\n", each.name, each.command,
                            each.version.empty() ? "" : " (" + each.version + ")");
    return text;
}

}  // namespace

std::string print_number(double value) {
    const double size = std::abs(value);
    const int digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
    return fmt::format("{:.{}f}", value, digits);
}

std::string print_extent(const Extent& extent) {
    if (extent.rounds == 1) return fmt::format("one round of {:g} s a measure", extent.seconds);
    return fmt::format("medians and lowest..highest of {} rounds of {:g} s a measure",
                       extent.rounds, extent.seconds);
}

std::string print_table(const BenchResult& result) {
    std::string text = print_head(result);
    for (const Section& section : sections()) {
        if (!has_any(result, section)) continue;
        const std::string title = fmt::format("{}, {}", section.title, section.unit);
        text += "\n" + without_blanks_at_end(
                           fmt::format("{:<{}}{}", title, label_width + 4, print_names(result)));
        text += "\n";
        for (const Figure& figure : figures())
            if (figure.section == &section)
                text += without_blanks_at_end(fmt::format("  {:<{}}{}", figure.label, label_width,
                                                          print_cells(result, figure.id))) +
                        "\n";
    }
    return text;
}

}  // namespace wgns::bench
