#include "control/notes.h"

#include "control/expected_network.h"
#include "control/instance_plan.h"

namespace wgns {

namespace fs = std::filesystem;

// The fingerprint last: it says that the others are true.
Status write_notes(const StateDir& state, const Carried& carried) {
    const Config& config = carried.config;
    const auto expected = expected_network(config, carried.owns_namespace, carried.facts.workers);
    const auto steps = plan_steps(config, carried.facts);
    auto done = state.write(StateDir::namespace_name, config.namespace_name);
    if (done) done = state.write(StateDir::config_file, fs::absolute(carried.file).string());
    if (done) done = state.write(StateDir::expected, to_text(expected));
    if (done) done = state.write(StateDir::steps, to_text(steps));
    if (done)
        done =
            state.write(StateDir::fingerprint, fingerprint_of(config, carried.file, carried.setup));
    return done;
}

std::string fingerprint_of(const Config& config, const fs::path& file, const DaemonSetup& setup) {
    return fingerprint({file, config.extra_firewall_rules_file}, setup);
}

}  // namespace wgns
