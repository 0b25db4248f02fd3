#include "cli/bench/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/bench/statistics.h"
#include "cli/bench/table.h"

namespace wgns::bench {

namespace {

bool has_moved(const Summary& before, const Summary& now) {
    const bool is_apart = now.low > before.high || now.high < before.low;
    return is_apart && std::abs(now.median - before.median) > noise_share * before.median;
}

void add_changes_of(const Contestant& before, const Contestant& now, std::vector<Change>& all) {
    for (const Figure& figure : figures()) {
        const auto old = before.samples.find(figure.id);
        const auto fresh = now.samples.find(figure.id);
        if (old == before.samples.end() || fresh == now.samples.end()) continue;
        if (old->second.empty() || fresh->second.empty()) continue;
        const Summary was = summarize(old->second);
        const Summary is = summarize(fresh->second);
        if (has_moved(was, is))
            all.push_back({now.name, &figure, was.median, is.median,
                           (is.median > was.median) == figure.section->is_higher_better});
    }
}

std::string print_differences(const BenchResult& before, const BenchResult& now) {
    std::string text;
    const auto differs = [&](const char* what, const std::string& old, const std::string& fresh) {
        if (old != fresh) text += fmt::format("  {} was {}, is {}\n", what, old, fresh);
    };
    differs("kernel", before.machine.kernel, now.machine.kernel);
    differs("processor", fmt::format("{} x {}", before.machine.cpus, before.machine.cpu),
            fmt::format("{} x {}", now.machine.cpus, now.machine.cpu));
    const auto where = [](const std::string& path) {
        return path.empty() ? "between two hosts of its own" : "through " + path;
    };
    differs("traffic", where(before.path), where(now.path));
    differs("extent", print_extent(before.extent), print_extent(now.extent));
    for (const Contestant& each : now.contestants) {
        const auto old = std::find_if(before.contestants.begin(), before.contestants.end(),
                                      [&](const Contestant& one) { return one.name == each.name; });
        if (old == before.contestants.end())
            text += fmt::format("  {} did not take part\n", each.name);
        else
            differs(each.name.c_str(), old->version, each.version);
    }
    return text;
}

std::string print_change(const Change& change) {
    const double percent = (change.now / change.before - 1) * 100;
    return fmt::format("  {:<6} {:<14} {:<22} {:<20} {:>9} -> {:<9} {:<14} {:+.0f} %\n",
                       change.is_better ? "better" : "worse", change.contestant,
                       change.figure->section->title, change.figure->label,
                       print_number(change.before), print_number(change.now),
                       change.figure->section->unit, percent);
}

}  // namespace

std::vector<Change> changes(const BenchResult& before, const BenchResult& now) {
    std::vector<Change> all;
    for (const Contestant& each : now.contestants)
        for (const Contestant& old : before.contestants)
            if (old.name == each.name) add_changes_of(old, each, all);
    return all;
}

std::string print_comparison(const BenchResult& before, const BenchResult& now) {
    std::string text = fmt::format("Compared with the run of {}:\n", before.when);
    text += print_differences(before, now);
    const auto moved = changes(before, now);
    for (const Change& change : moved)
        text += print_change(change);
    if (moved.empty()) text += "  nothing moved beyond noise\n";
    text += fmt::format(
        "Moved: the median by more than {:.0f} %, and no round within the other run's range.\n",
        noise_share * 100);
    if (before.extent.rounds < 2 || now.extent.rounds < 2)
        text += "With one round there is no range: run at least three to be sure.\n";
    return text;
}

}  // namespace wgns::bench
