#include "control/teardown.h"

#include <chrono>

#include "control/network.h"
#include "control/process_id.h"

namespace wgns {

namespace {

constexpr std::chrono::milliseconds supervisor_patience{10000};

}  // namespace

Status end_supervisor(const StateDir& state) {
    const auto supervisor = state.running_supervisor();
    if (!supervisor) return Done{};
    return end_process(*supervisor, supervisor_patience);
}

Status clear_instance(const StateDir& state) {
    auto done = undo_network(state.journal());
    if (done) done = state.remove();
    return done;
}

}  // namespace wgns
