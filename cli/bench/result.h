// What one run of `bench` brought, and its JSON, which later runs are compared with.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/bench/plan.h"

namespace wgns::bench {

struct Machine {
    std::string kernel;  // "6.18.1 x86_64"
    std::string cpu;
    unsigned cpus = 0;
    unsigned memory_mib = 0;

    friend bool operator==(const Machine&, const Machine&) = default;
};

// An implementation that took part.
struct Contestant {
    std::string name;
    std::string command;  // with {} for the interface
    std::string version;  // a line; empty where it tells none
    // One a round and figure, by the figure's id; every figure has as many.
    std::map<std::string, std::vector<double>> samples;
};

// Null: it has none for this figure.
[[nodiscard]] const std::vector<double>* samples_of(const Contestant& contestant,
                                                    const std::string& id);

struct BenchResult {
    std::string when;  // UTC, ISO 8601
    std::vector<std::string> command_line;
    Machine machine;
    double busy_before = 0;  // the share of the processors that others used before it began
    // "NAME to ADDRESS:PORT": through that instance; empty: between two hosts of its own. Figures
    // that a path has not are missing.
    std::string path;
    Extent extent;
    std::vector<Contestant> contestants;  // ours first
};

// Whether somebody has one, or one of its figures.
[[nodiscard]] bool has_any(const BenchResult& result, const Figure& figure);
[[nodiscard]] bool has_any(const BenchResult& result, const Section& section);

[[nodiscard]] nlohmann::json json_of(const BenchResult& result);

// Reads what json_of made; figures that this version does not know stay. Throws what
// nlohmann::json throws where it is anything else; its what() says what is wrong.
[[nodiscard]] BenchResult result_of(const nlohmann::json& json);

}  // namespace wgns::bench
