// The command `bench`: what it is asked for, and all of it in order.
#pragma once

#include <optional>
#include <string>

#include "control/failure.h"

namespace CLI {
class App;
}

namespace wgns {

struct BenchRequest {
    std::string peer;                // a command with {} for the interface
    std::optional<unsigned> rounds;  // what is not said is the default, or that of --quick
    std::optional<double> seconds;
    bool quick = false;
    std::string json;  // files; empty: none
    std::string svg;
    std::string compare;
};

// `request` must live as long as `command`.
void add_bench_options(CLI::App& command, BenchRequest& request);

// Prints to standard output. Forks: call it from a program of one thread.
[[nodiscard]] Result<Done, Failure> run_bench(const BenchRequest& request);

}  // namespace wgns
