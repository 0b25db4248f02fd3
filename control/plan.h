// `plan`: what `up` would do, in its order and from the same values (control/instance_plan.h).
// Changes nothing, and none of it tells a key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/config.h"
#include "control/data_plane.h"
#include "control/failure.h"

namespace wgns {

struct PlannedStep {
    std::string name;                // "namespace", "routes"
    std::vector<std::string> lines;  // for people; at least one
};

// For the state of an instance: one line of JSON, and back; none for a text of another shape.
[[nodiscard]] std::string to_text(const std::vector<PlannedStep>& steps);
[[nodiscard]] std::vector<PlannedStep> parse_steps(const std::string& text);
// The names of those that differ, are new or are gone.
[[nodiscard]] std::vector<std::string> changed_steps(const std::vector<PlannedStep>& before,
                                                     const std::vector<PlannedStep>& after);

// What the configuration alone does not say.
struct PlanFacts {
    std::uint32_t mtu = 0;  // of the tunnel's interface
    unsigned workers = 1;
};
[[nodiscard]] std::vector<PlannedStep> plan_steps(const Config& config, const PlanFacts& facts);

struct Plan {
    std::string instance;
    std::string now;                     // whether it is up, a line for people
    std::vector<std::string> obstacles;  // for which `up` would fail as things are
    std::vector<std::string> warnings;   // that `up` would give
    std::vector<PlannedStep> steps;
    std::vector<PlannedStep> made;  // that are true now, of an instance that is up
};
// For the argument and the options of `up`. Who is not root is not told whether it is up.
[[nodiscard]] Result<Plan, Failure> plan_of(const std::string& argument,
                                            const DataPlaneWords& words);

// Several lines, the last one ended too.
[[nodiscard]] std::string print(const Plan& plan);

}  // namespace wgns
