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
    std::string path;   // an instance; empty: a tunnel of its own
    std::string to;     // of `path`
    std::string serve;  // instead of measuring
};

// `request` must live as long as `command`.
void add_bench_options(CLI::App& command, BenchRequest& request);

// Prints to standard output; serves until it is interrupted. Forks: call it from a program of one
// thread.
[[nodiscard]] Result<Done, Failure> run_bench(const BenchRequest& request);

}  // namespace wgns
