#include "cli/bench/result.h"

#include <algorithm>

#include "cli/bench/statistics.h"

namespace wgns::bench {

using nlohmann::json;

namespace {

constexpr const char* format = "wgns-user bench 1";

json samples_json(const Contestant& contestant, const Contestant& ours) {
    json all = json::object();
    for (const auto& [id, samples] : contestant.samples) {
        if (samples.empty()) continue;
        const Summary summary = summarize(samples);
        json& figure = all[id];
        figure = {{"samples", samples},
                  {"median", summary.median},
                  {"low", summary.low},
                  {"high", summary.high}};
        const auto own = ours.samples.find(id);
        if (&contestant != &ours && own != ours.samples.end())
            figure["ours_to_this"] = ratio(own->second, samples);
    }
    return all;
}

json figures_json() {
    json all = json::object();
    for (const Figure& figure : figures())
        all[figure.id] = {{"section", figure.section->title},
                          {"label", figure.label},
                          {"unit", figure.section->unit},
                          {"better", figure.section->is_higher_better ? "higher" : "lower"}};
    return all;
}

}  // namespace

const std::vector<double>* samples_of(const Contestant& contestant, const std::string& id) {
    const auto found = contestant.samples.find(id);
    return found == contestant.samples.end() || found->second.empty() ? nullptr : &found->second;
}

bool has_any(const BenchResult& result, const Figure& figure) {
    return std::any_of(
        result.contestants.begin(), result.contestants.end(),
        [&](const Contestant& each) { return samples_of(each, figure.id) != nullptr; });
}

bool has_any(const BenchResult& result, const Section& section) {
    return std::any_of(figures().begin(), figures().end(), [&](const Figure& each) {
        return each.section == &section && has_any(result, each);
    });
}

json json_of(const BenchResult& result) {
    json contestants = json::array();
    for (const Contestant& each : result.contestants)
        contestants.push_back({{"name", each.name},
                               {"command", each.command},
                               {"version", each.version},
                               {"figures", samples_json(each, result.contestants.front())}});
    json value = {{"format", format},
                  {"when", result.when},
                  {"command_line", result.command_line},
                  {"machine",
                   {{"kernel", result.machine.kernel},
                    {"cpu", result.machine.cpu},
                    {"cpus", result.machine.cpus},
                    {"memory_mib", result.machine.memory_mib}}},
                  {"busy_before", result.busy_before},
                  {"rounds", result.extent.rounds},
                  {"seconds", result.extent.seconds},
                  {"figures", figures_json()},
                  {"contestants", std::move(contestants)}};
    if (!result.path.empty()) value["path"] = result.path;
    return value;
}

BenchResult result_of(const json& value) {
    BenchResult result;
    result.when = value.at("when").get<std::string>();
    result.command_line = value.at("command_line").get<std::vector<std::string>>();
    const json& machine = value.at("machine");
    result.machine = {machine.at("kernel").get<std::string>(), machine.at("cpu").get<std::string>(),
                      machine.at("cpus").get<unsigned>(), machine.at("memory_mib").get<unsigned>()};
    result.path = value.value("path", "");
    result.busy_before = value.at("busy_before").get<double>();
    result.extent = {value.at("rounds").get<unsigned>(), value.at("seconds").get<double>()};
    for (const json& each : value.at("contestants")) {
        Contestant contestant;
        contestant.name = each.at("name").get<std::string>();
        contestant.command = each.at("command").get<std::string>();
        contestant.version = each.at("version").get<std::string>();
        for (const auto& [id, figure] : each.at("figures").items())
            contestant.samples[id] = figure.at("samples").get<std::vector<double>>();
        result.contestants.push_back(std::move(contestant));
    }
    return result;
}

}  // namespace wgns::bench
