#include "control/bring_up.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/control_server.h"
#include "control/descriptor_channel.h"
#include "control/descriptor_name.h"
#include "control/first_handshake.h"
#include "control/held_signals.h"
#include "control/hooks.h"
#include "control/host_side.h"
#include "control/instance_place.h"
#include "control/kept_tun.h"
#include "control/network.h"
#include "control/notes.h"
#include "control/process_id.h"
#include "control/reload.h"
#include "control/service_manager.h"
#include "control/spawn.h"
#include "control/state_dir.h"
#include "control/supervisor.h"
#include "control/teardown.h"
#include "control/uapi.h"
#include "control/uapi_link.h"
#include "control/uapi_socket.h"
#include "netns/journal.h"
#include "netns/namespace.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

Failure failed(std::string line) {
    return {exit_status::failed, std::move(line)};
}

// One `up`. Each step leaves what the next one needs.
class Up {
public:
    Up(Config config, fs::path file, const UpRequest& request)
        : config_(std::move(config)),
          file_(std::move(file)),
          request_(request),
          state_(config_.instance),
          hooks_(with_interface(config_.hooks, config_.interface_name)) {}

    Outcome run() {
        auto lock = state_.create_and_lock(StateDir::usual_patience);
        if (!lock) return step_failed("up " + name(), lock.error());
        if (state_.running_supervisor()) return up_already();
        const HeldSignals held;
        auto outcome = make(std::move(*lock));
        if (outcome && !request_.foreground && held.came())
            outcome = failed("up " + name() + ": interrupted");
        if (!outcome) give_up();
        return outcome;
    }

private:
    [[nodiscard]] const std::string& name() const { return config_.instance; }

    void give_up() {
        // In the foreground the supervisor is this very process.
        auto done = request_.foreground ? Status(Done{}) : end_supervisor(state_);
        if (done) done = clear_instance(state_);
        if (!done) spdlog::error("{}: {}", name(), describe(done.error()));
    }

    Outcome up_already() {
        if (!request_.foreground)
            return bring_in(config_, file_, state_, SameConfiguration::ends_it);
        return failed(name() + ": up already; run `wgns-user down " + name() + "` first");
    }

    Outcome make(UniqueFd lock) {
        const auto rest_cleared = undo_instance(state_);
        if (!rest_cleared) return step_failed("what an earlier run left", rest_cleared.error());
        if (::access("/dev/net/tun", F_OK) < 0)
            return failed("up " + name() +
                          ": /dev/net/tun: no such device; load the kernel module"
                          " `tun`, or give the container this device");
        auto descriptors = make_descriptors();
        if (!descriptors) return descriptors.error();
        const auto carries = connect();
        if (!carries) return carries.error();
        if (request_.foreground) return stay(std::move(*descriptors), std::move(lock));
        return leave_to_supervisor(*descriptors);
    }

    Result<Descriptors, Failure> make_descriptors() {
        auto side = open_host_side(config_, request_.data_plane);
        if (!side) return side.error();
        Descriptors made = std::move(side->descriptors);
        setup_ = std::move(side->setup);
        auto kept = request_.foreground ? take_kept_tun(config_.interface_name, side->workers)
                                        : TunQueues{};
        auto place = make_place(config_, side->workers, state_, std::move(kept));
        if (!place) return step_failed("namespace " + config_.namespace_name, place.error());
        if (!place->owns_namespace)
            spdlog::warn("{}: namespace {} is another instance's: its firewall and DNS hold here",
                         name(), config_.namespace_name);
        const auto noted = write_notes(
            state_, {config_, file_, place->owns_namespace, {setup_.mtu, side->workers}, setup_});
        if (!noted) return step_failed("state", noted.error());
        if (request_.foreground) keep_tun(place->tun);
        add_tun(made, std::move(place->tun));
        auto inside = open_namespace();
        if (!inside) return step_failed("namespace " + config_.namespace_name, inside.error());
        made[descriptor_name::netns] = std::move(*inside);

        auto uapi = serve_uapi();
        if (!uapi) return step_failed("UAPI", uapi.error());
        made[descriptor_name::uapi] = std::move(*uapi);

        auto setup = write_setup(setup_);
        if (!setup) return step_failed("daemon's setup", setup.error());
        // In the foreground this process is there as long as the instance, and needs none of them.
        wipe_key_text(setup_.uapi);
        forget_keys(config_);
        made[descriptor_name::setup] = std::move(*setup);

        auto listener = listen_anew(state_.control_socket());
        if (!listener) return step_failed("control socket", listener.error());
        made[descriptor_name::control] = std::move(*listener);
        listener = listen_anew(state_.metrics_socket());
        if (!listener) return step_failed("metrics socket", listener.error());
        made[descriptor_name::metrics] = std::move(*listener);
        return made;
    }

    static Result<UniqueFd> listen_anew(const fs::path& path) {
        // One that an earlier run left has nobody behind it any more.
        ::unlink(path.c_str());
        return listen_control(path.string());
    }

    // From here on what the user's commands did is to be undone as well.
    Result<Done, Failure> connect() {
        const auto place = place_in(state_);
        if (!place) return step_failed("namespace", place.error());
        const auto noted = state_.write(StateDir::hooks, to_text(hooks_));
        if (!noted) return step_failed("state", noted.error());
        const auto before = run_hooks(hooks_, Hook::Moment::pre_up, *place);
        if (!before) return step_failed("up " + name(), before.error());
        const auto linked = update_links(config_, setup_.mtu);
        if (!linked) return step_failed("namespace " + config_.namespace_name, linked.error());
        return Done{};
    }

    Outcome finish() {
        if (request_.wait_handshake_seconds) {
            const std::chrono::seconds patience(*request_.wait_handshake_seconds);
            const auto met = wait_first_handshake(state_, patience);
            if (!met) return met.error();
        }
        const auto place = place_in(state_);
        if (!place) return step_failed("namespace", place.error());
        const auto after = run_hooks(hooks_, Hook::Moment::post_up, *place);
        if (!after) return step_failed("up " + name(), after.error());
        if (!names_reach_everybody())
            spdlog::warn(
                "{}: {} is seen in this mount namespace alone: in a unit leave out "
                "PrivateMounts=, PrivateTmp= and whatever implies them",
                name(), namespace_path(config_.namespace_name));
        return ready_line();
    }

    // wg(8) finds it by the interface's name or, where that is taken, by the instance's.
    Result<UniqueFd> serve_uapi() {
        auto socket = UapiSocket::create_at(state_.path() / "uapi.sock");
        if (!socket) return socket.error();
        auto journal = Journal::open(state_.journal().string());
        if (!journal) return journal.error();
        const auto linked = link_uapi({config_.interface_name, name()}, socket->path(), *journal);
        if (!linked) spdlog::warn("{}: wg(8) cannot find it: {}", name(), describe(linked.error()));
        return socket->take_listener();
    }

    Result<UniqueFd> open_namespace() {
        auto ns = Namespace::named(config_.namespace_name);
        if (!ns) return ns.error();
        return std::move(*ns).release();
    }

    Outcome leave_to_supervisor(const Descriptors& descriptors) {
        auto channel = start_supervisor();
        if (!channel) return step_failed("supervisor", channel.error());
        const auto sent = channel->send(nlohmann::json::object(), lend(descriptors));
        if (!sent) return step_failed("supervisor", sent.error());
        return wait_ready(*channel);
    }

    Result<DescriptorChannel> start_supervisor() {
        auto pair = DescriptorChannel::create_pair();
        if (!pair) return pair.error();
        const std::string log_path = state_.log().string();
        const UniqueFd log(
            ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!log) return Error{errno, "open", log_path, ""};
        SpawnOptions options;
        options.arguments = {"supervise", name()};
        options.channel = pair->second.fd();
        options.output = log.get();
        options.own_session = true;
        const auto pid = spawn_self(options);
        if (!pid) return pid.error();
        const auto process = ProcessId::of(*pid);
        if (!process) return Error{ESRCH, "start", "supervisor", ""};
        const auto noted = state_.write_supervisor(*process);
        if (!noted) return noted.error();
        return std::move(pair->first);
    }

    Outcome wait_ready(DescriptorChannel& channel) {
        const auto received = channel.receive();
        if (!received) return step_failed("supervisor", received.error());
        if (!*received)
            return failed("up " + name() + ": the supervisor ended before it was ready");
        const nlohmann::json& body = (**received).body;
        if (body.contains(daemon_word::ready)) return finish();
        return failed("daemon: " + body.value(daemon_word::failed, "ended before it was ready"));
    }

    Outcome stay(Descriptors descriptors, UniqueFd lock) {
        std::signal(SIGPIPE, SIG_IGN);
        const auto self = ProcessId::of(::getpid());
        WG_ASSERT(self.has_value());
        const auto noted = state_.write_supervisor(*self);
        if (!noted) return step_failed("state", noted.error());
        std::optional<Supervisor> supervisor(std::in_place, name(), std::move(descriptors));
        std::optional<Failure> unfinished;
        const auto on_ready = [&] {
            const auto finished = finish();
            if (!finished && is_told_to_end()) return;  // which ends it
            if (!finished) {
                unfinished = finished.error();
                ::kill(::getpid(), SIGTERM);
                return;
            }
            // From here on `down` may take the lock and send the signal that ends this.
            lock.reset();
            spdlog::info("{}", *finished);
            notify_service_manager("READY=1\nSTATUS=" + *finished);
        };
        Supervisor::Calls calls{on_ready, [&] { announce_end(state_); }};
        if (const auto interval = watchdog_interval()) {
            calls.on_alive = [] { notify_service_manager("WATCHDOG=1"); };
            calls.alive_interval = *interval;
        }
        const auto ending = supervisor->run(-1, calls);
        supervisor.reset();
        notify_service_manager("STOPPING=1");
        if (unfinished) return *unfinished;
        if (ending.cause == Supervisor::Cause::failed) return failed("daemon: " + ending.reason);
        const auto cleared = clear_instance(state_);
        if (!cleared) return step_failed("down " + name(), cleared.error());
        if (ending.cause == Supervisor::Cause::device_gone)
            return failed(name() + ": " + ending.reason);
        return name() + " is down";
    }

    [[nodiscard]] std::string ready_line() const {
        return fmt::format("{} is up: namespace {}, interface {}, {} peer{}", name(),
                           config_.namespace_name, config_.interface_name, config_.peers.size(),
                           config_.peers.size() == 1 ? "" : "s");
    }

    Config config_;
    fs::path file_;
    const UpRequest& request_;
    StateDir state_;
    std::vector<Hook> hooks_;
    DaemonSetup setup_;
};

}  // namespace

Outcome bring_up(Config config, const fs::path& file, const UpRequest& request) {
    return Up(std::move(config), file, request).run();
}

}  // namespace wgns
