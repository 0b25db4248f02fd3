#include "control/instance.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

#include "control/bring_up.h"
#include "control/config.h"
#include "control/control_server.h"
#include "control/daemon.h"
#include "control/held_signals.h"
#include "control/instance_place.h"
#include "control/instance_plan.h"
#include "control/namespace_users.h"
#include "control/network.h"
#include "control/reload.h"
#include "control/state_dir.h"
#include "control/teardown.h"

namespace wgns {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds status_patience{5000};

Failure failed(std::string line) {
    return {exit_status::failed, std::move(line)};
}

std::optional<Failure> not_root(const std::string& what) {
    if (::geteuid() == 0) return std::nullopt;
    return failed(what + ": this needs root; run it with sudo");
}

Failure unknown_instance(const std::string& name) {
    return {exit_status::no_such_instance,
            name + ": no such instance; `wgns-user list` prints those that are there"};
}

Result<StateDir, Failure> known_instance(const std::string& name) {
    if (!StateDir::is_valid_name(name)) return unknown_instance(name);
    StateDir state(name);
    if (!state.exists()) return unknown_instance(name);
    return state;
}

Result<UniqueFd, Failure> lock_for(const std::string& command, const StateDir& state) {
    auto lock = state.lock(StateDir::usual_patience);
    if (lock) return *std::move(lock);
    if (lock.error().code == ENOENT) return unknown_instance(state.name());
    return step_failed(command + " " + state.name(), lock.error());
}

void warn_of_those_inside(const StateDir& state) {
    const auto netns = state.read(StateDir::namespace_name);
    if (!netns) return;
    for (const std::string& process : processes_inside(namespace_path(*netns)))
        spdlog::warn("{}: {} is still inside, without a network from now on", state.name(),
                     process);
}

}  // namespace

Outcome up(const UpRequest& request) {
    const fs::path file = config_path(request.config);
    if (auto failure = not_root("up")) return *failure;
    auto config = read_config(file, "", MissingKey::is_made);
    if (!config) return config.error();
    tell_warnings(*config);
    return bring_up(std::move(*config), file, request);
}

Outcome reload(const std::string& name, const std::string& file) {
    if (auto failure = not_root("reload")) return *failure;
    const auto state = known_instance(name);
    if (!state) return state.error();
    const auto lock = lock_for("reload", *state);
    if (!lock) return lock.error();
    const fs::path path = file.empty() ? state->read(StateDir::config_file).value_or("") : file;
    auto config = read_config(path, name, MissingKey::is_made);
    if (!config) return config.error();
    tell_warnings(*config);
    const HeldSignals held;
    return bring_in(*config, path, *state, SameConfiguration::is_brought_in);
}

Result<std::vector<std::string>, Failure> collect_garbage() {
    if (auto failure = not_root("gc")) return *failure;
    std::vector<std::string> cleared;
    for (const std::string& name : StateDir::list()) {
        const StateDir state(name);
        // Who holds the lock is at work on it, and sees to the rest.
        const auto lock = state.lock(StateDir::usual_patience);
        if (!lock || state.running_supervisor()) continue;
        const auto done = clear_instance(state);
        if (!done) return step_failed("gc " + name, done.error());
        cleared.push_back(name);
    }
    return cleared;
}

Outcome down(const std::string& name) {
    if (auto failure = not_root("down")) return *failure;
    const auto state = known_instance(name);
    if (!state) return state.error();
    const auto lock = lock_for("down", *state);
    if (!lock) return lock.error();
    warn_of_those_inside(*state);
    if (state->running_supervisor()) announce_end(*state);
    auto done = end_supervisor(*state);
    if (done) done = clear_instance(*state);
    if (!done) return step_failed("down " + name, done.error());
    return name + " is down";
}

Result<std::vector<ListedInstance>, Failure> list_instances() {
    if (auto failure = not_root("list")) return *failure;
    std::vector<ListedInstance> all;
    for (const std::string& name : StateDir::list())
        all.push_back({name, StateDir(name).running_supervisor().has_value()});
    return all;
}

Result<nlohmann::json, Failure> query_status(const std::string& name) {
    if (auto failure = not_root("status")) return *failure;
    const auto state = known_instance(name);
    if (!state) return state.error();
    const auto answer =
        ask_control(state->control_socket().string(), control_word::status, status_patience);
    if (!answer && !state->running_supervisor())
        return failed(name + ": not running; `wgns-user down " + name + "` takes its rest away");
    if (!answer) return step_failed("status " + name, answer.error());
    nlohmann::json status = nlohmann::json::parse(*answer, nullptr, false);
    if (!status.is_object()) return failed("status " + name + ": the daemon's answer is malformed");
    if (status.contains("error"))
        return failed("status " + name + ": " + status.value("error", ""));
    return status;
}

Result<Place, Failure> place_of(const std::string& name) {
    if (auto failure = not_root("exec")) return *failure;
    const auto state = known_instance(name);
    if (!state) return state.error();
    auto place = place_in(*state);
    if (!place) return step_failed("exec " + name, place.error());
    return *std::move(place);
}

}  // namespace wgns
