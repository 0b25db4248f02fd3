// What `up` and `reload` leave in the state of an instance for the commands that come later.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "control/config.h"
#include "control/daemon_setup.h"
#include "control/plan.h"
#include "control/state_dir.h"

namespace wgns {

// What came of a configuration. Refers to what the caller has.
struct Carried {
    const Config& config;
    const std::filesystem::path& file;  // it was read from there
    bool owns_namespace = true;
    PlanFacts facts;
    const DaemonSetup& setup;
};
Status write_notes(const StateDir& state, const Carried& carried);

// As `up` tells one configuration from another.
[[nodiscard]] std::string fingerprint_of(const Config& config, const std::filesystem::path& file,
                                         const DaemonSetup& setup);

}  // namespace wgns
