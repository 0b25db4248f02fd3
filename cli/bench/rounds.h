// All rounds of a run: the contestants take turns, each with a tunnel of its own, and a round has
// every measure of each. Or ours alone, through an instance that is there.
#pragma once

#include <string>

#include "base/ip_address.h"
#include "cli/bench/child.h"
#include "cli/bench/result.h"

namespace wgns::bench {

struct Request {
    std::string peer;  // a command with {} for the interface; empty: ours alone
    Extent extent;
    // Through this instance instead, to a Server there; empty: a tunnel of its own.
    std::string instance;
    Endpoint to;
};

// With everything in it. Forks: call it from a program of one thread, which is in the network of
// the instance afterwards.
[[nodiscard]] Result<BenchResult, Failure> run_rounds(const Request& request,
                                                      const std::string& own_version,
                                                      const Interrupt& interrupt);

// What a command is called: the last part of its first word that is no variable.
[[nodiscard]] std::string name_of(const std::string& command);

}  // namespace wgns::bench
