#include "control/reload.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/control_server.h"
#include "control/daemon.h"
#include "control/expected_network.h"
#include "control/hooks.h"
#include "control/instance_plan.h"
#include "control/neighbours.h"
#include "control/network.h"
#include "control/notes.h"
#include "control/process_id.h"
#include "control/publisher.h"
#include "control/socket_namespace.h"
#include "netns/namespace.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds daemon_patience{10};
// What changed of the peers, for people.
constexpr const char* nothing = "peers +0 -0 ~0";

Failure failed(std::string line) {
    return {exit_status::failed, std::move(line)};
}

// One `reload`. Each step leaves what the next one needs.
class BringIn {
public:
    BringIn(const Config& config, const fs::path& file, const StateDir& state)
        : config_(config), file_(file), state_(state) {}

    Outcome run(SameConfiguration same) {
        const auto supervisor = state_.running_supervisor();
        if (!supervisor) return failed(name() + ": not running; run `wgns-user up " + name() + "`");
        const auto text = state_.read(StateDir::expected);
        const auto before = text ? parse_expected_network(*text) : std::nullopt;
        if (!before) return failed(name() + ": it is not all up yet; try again");
        if (auto failure = kept(*before)) return *std::move(failure);
        const auto outside = socket_namespace(config_, *supervisor);
        if (!outside) return step_failed("SocketNamespace", outside.error());
        supervisor_ = *supervisor;
        setup_ = daemon_setup(config_, mtu_seen_from(outside->ns, config_), {});
        const bool is_same =
            state_.read(StateDir::fingerprint) == fingerprint_of(config_, file_, setup_);
        if (is_same && same == SameConfiguration::ends_it) return name() + " is up already";
        return change(*before);
    }

private:
    [[nodiscard]] const std::string& name() const { return config_.instance; }

    // What an instance has for its whole life.
    [[nodiscard]] std::optional<Failure> kept(const ExpectedNetwork& before) const {
        const auto differs = [&](const char* key) {
            return failed(name() + ": " + key +
                          ": cannot change while it is up; run `wgns-user "
                          "down " +
                          name() + "` first");
        };
        if (before.namespace_name != config_.namespace_name) return differs("Namespace");
        if (before.interface != config_.interface_name) return differs("InterfaceName");
        if (before.socket_namespace != config_.socket_namespace) return differs("SocketNamespace");
        return std::nullopt;
    }

    // Who joined the namespace of one that is gone has it now.
    [[nodiscard]] bool owns(const ExpectedNetwork& before) const {
        return before.owns_namespace ||
               neighbours_interfaces(state_, config_.namespace_name).empty();
    }

    Outcome change(const ExpectedNetwork& before) {
        const std::vector<PlannedStep> steps_before = noted_steps();
        // Should anything of this fail, nothing that is noted is known to be true.
        auto done = state_.write(StateDir::fingerprint, "");
        if (!done) return step_failed("state", done.error());
        const auto opened = open_listeners();
        if (!opened) return step_failed("sockets", opened.error());
        const bool owns_namespace = owns(before);
        done = update_place(config_, owns_namespace, state_);
        if (done) done = update_links(config_, setup_.mtu);
        if (!done) return step_failed("namespace " + config_.namespace_name, done.error());
        auto peers = change_device();
        if (!peers) return peers.error();
        const auto hooks = with_interface(config_.hooks, config_.interface_name);
        done = state_.write(StateDir::hooks, to_text(hooks));
        const PlanFacts facts{setup_.mtu, before.workers};
        if (done) done = write_notes(state_, {config_, file_, owns_namespace, facts, setup_});
        if (!done) return step_failed("state", done.error());
        return told(steps_before, plan_steps(config_, facts), *peers);
    }

    // Those that the daemon does not have. On the side that `up` was called on.
    Status open_listeners() {
        const auto status = query_status(name());
        if (!status) return Error{0, "status", "", status.error().line};
        const auto& there = status->value("published", nlohmann::json::array());
        const auto host = Namespace::open("/proc/" + std::to_string(supervisor_.pid) + "/ns/net");
        if (!host) return host.error();
        for (const PublishedPort& each : config_.published_ports) {
            const bool is_there =
                std::any_of(there.begin(), there.end(), [&](const nlohmann::json& one) {
                    return one.value("host", "") == each.host.to_string();
                });
            if (is_there) continue;
            auto listener = host->run([&] { return open_listener(each.host); });
            if (!listener) return listener.error();
            listeners_.push_back(*std::move(listener));
        }
        if (!config_.metrics_listen ||
            status->value("metrics_listen", "") == config_.metrics_listen->to_string())
            return Done{};
        auto listener =
            host->run([&] { return open_listener(*config_.metrics_listen, "MetricsListen"); });
        if (!listener) return listener.error();
        listeners_.push_back(*std::move(listener));
        return Done{};
    }

    Outcome change_device() {
        const auto setup = write_setup(setup_);
        if (!setup) return step_failed("daemon's setup", setup.error());
        std::vector<int> lent{setup->get()};
        for (const UniqueFd& listener : listeners_)
            lent.push_back(listener.get());
        const auto answer = ask_control(state_.control_socket().string(), control_word::reload,
                                        daemon_patience, lent);
        if (!answer) return step_failed("daemon", answer.error());
        const auto counts = nlohmann::json::parse(*answer, nullptr, false);
        if (!counts.is_object()) return failed("daemon: its answer is malformed");
        if (counts.contains("error")) return failed("daemon: " + counts.value("error", ""));
        return fmt::format("peers +{} -{} ~{}", counts.value("added", 0),
                           counts.value("removed", 0), counts.value("changed", 0));
    }

    [[nodiscard]] std::vector<PlannedStep> noted_steps() const {
        const auto text = state_.read(StateDir::steps);
        return text ? parse_steps(*text) : std::vector<PlannedStep>{};
    }

    Outcome told(const std::vector<PlannedStep>& before, const std::vector<PlannedStep>& after,
                 const std::string& peers) {
        const auto steps = changed_steps(before, after);
        if (steps.empty() && peers == nothing) return name() + " is as " + file_.string() + " says";
        std::string line = name() + " is up with what " + file_.string() + " says now: ";
        for (const std::string& step : steps)
            line += step + ", ";
        return line + peers;
    }

    const Config& config_;
    const fs::path& file_;
    const StateDir& state_;
    ProcessId supervisor_;
    DaemonSetup setup_;
    std::vector<UniqueFd> listeners_;
};

}  // namespace

Outcome bring_in(const Config& config, const fs::path& file, const StateDir& state,
                 SameConfiguration same) {
    return BringIn(config, file, state).run(same);
}

}  // namespace wgns
