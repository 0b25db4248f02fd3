#include "control/teardown.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "control/hooks.h"
#include "control/instance_place.h"
#include "control/network.h"
#include "control/process_id.h"

namespace wgns {

namespace {

constexpr std::chrono::milliseconds supervisor_patience{10000};

// Those of this moment and place, once: they are forgotten when they have run. Nothing that goes
// wrong with them keeps the instance up.
void run_last(const StateDir& state, Hook::Moment moment, bool on_host) {
    const auto text = state.read(StateDir::hooks);
    if (!text) return;
    std::vector<Hook> hooks = parse_hooks(*text);
    const auto is_due = [&](const Hook& hook) {
        return hook.moment == moment && hook.is_on_host == on_host;
    };
    // Nothing is to be written then, which a full disk would not let us.
    if (std::none_of(hooks.begin(), hooks.end(), is_due)) return;
    const auto place = place_in(state);
    const bool is_possible = on_host || place;
    if (!is_possible) spdlog::warn("{}: {}", state.name(), describe(place.error()));
    for (const Error& error : is_possible
                                  ? run_all_hooks(hooks, moment, on_host, place ? *place : Place{})
                                  : std::vector<Error>{})
        spdlog::warn("{}: {}", state.name(), describe(error));
    std::erase_if(hooks, is_due);
    const auto noted = state.write(StateDir::hooks, to_text(hooks));
    if (!noted) spdlog::warn("{}: {}", state.name(), describe(noted.error()));
}

}  // namespace

void announce_end(const StateDir& state) {
    run_last(state, Hook::Moment::pre_down, false);
    run_last(state, Hook::Moment::pre_down, true);
}

Status end_supervisor(const StateDir& state) {
    const auto supervisor = state.running_supervisor();
    if (!supervisor) return Done{};
    return end_process(*supervisor, supervisor_patience);
}

Status undo_instance(const StateDir& state) {
    announce_end(state);
    run_last(state, Hook::Moment::post_down, false);
    auto undone = undo_network(state);
    if (undone) run_last(state, Hook::Moment::post_down, true);
    return undone;
}

Status clear_instance(const StateDir& state) {
    auto done = undo_instance(state);
    if (done) done = state.remove();
    return done;
}

}  // namespace wgns
