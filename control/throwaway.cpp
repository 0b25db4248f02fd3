#include "control/throwaway.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

#include "control/confined_command.h"
#include "control/descriptor_channel.h"
#include "control/descriptor_name.h"
#include "control/hooks.h"
#include "control/host_report.h"
#include "control/host_side.h"
#include "control/instance_plan.h"
#include "control/network.h"
#include "control/process_id.h"
#include "control/run_inside.h"
#include "control/spawn.h"
#include "control/supervisor.h"
#include "netns/dns_files.h"
#include "netns/namespace.h"
#include "netns/tun_device.h"
#include "netns/user_namespace.h"

namespace wgns {

namespace {

constexpr std::chrono::milliseconds keeper_patience{5000};

Failure run_failed(const Error& error) {
    return step_failed("run", error);
}

// One `run`. Each step leaves what the next one needs.
class Throwaway {
public:
    Throwaway(Config config, const RunRequest& request)
        : request_(request), hooks_(with_interface(config.hooks, config.interface_name)) {
        config_.emplace(std::move(config));
    }

    Result<int, Failure> run() {
        auto made = make();
        if (!made) return made.error();
        const CommandSignals signals;
        auto status = run_inside_of(*std::move(made), signals);
        end();
        return status;
    }

private:
    Result<Descriptors, Failure> make() {
        const auto tun_is_there = try_tun_file();
        if (!tun_is_there) return run_failed(tun_is_there.error());
        if (auto refused = needs_root()) return *std::move(refused);
        if (is_root_) {
            auto chosen = choose_user(request_.user, request_.sudo_uid, request_.sudo_gid);
            if (!chosen) return run_failed(chosen.error());
            run_as_ = *std::move(chosen);
        }
        auto side = open_host_side(*config_, request_.data_plane);
        if (!side) return side.error();
        if (!is_root_) {
            auto entered = enter_user_namespace();
            if (entered) entered = hand_on_capabilities();
            if (!entered) return not_allowed(entered.error());
        }
        auto ns = Namespace::create();
        if (!ns) return is_root_ ? run_failed(ns.error()) : not_allowed(ns.error());
        namespace_.emplace(*std::move(ns));
        setup_.emplace(std::move(side->setup));
        setup_->is_quiet = true;
        return furnish(std::move(side->descriptors), side->workers);
    }

    // As make_place has it.
    Result<Descriptors, Failure> furnish(Descriptors made, unsigned workers) {
        auto tun = open_tun(*namespace_, config_->interface_name, workers);
        if (!tun) return run_failed(tun.error());
        add_tun(made, *std::move(tun));
        const auto set_up = set_up_namespace(*config_, *namespace_, namespace_->identity());
        if (!set_up) return run_failed(set_up.error());
        auto texts = dns_texts(config_->namespace_name, dns_files(*config_));
        if (!texts) return run_failed(texts.error());
        place_.netns = "/proc/self/fd/" + std::to_string(namespace_->fd());
        place_.instance = config_->instance;
        place_.view = {
            std::string(netns_files_folder) + "/" + config_->namespace_name, {}, *std::move(texts)};
        const auto setup = write_setup(*setup_);
        if (!setup) return run_failed(setup.error());
        for (const auto& [name, fd] : {std::pair(descriptor_name::netns, namespace_->fd()),
                                       std::pair(descriptor_name::setup, setup->get())}) {
            made[name].reset(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
            if (!made[name]) return run_failed({errno, "duplicate", name, ""});
        }
        return made;
    }

    Result<int, Failure> run_inside_of(Descriptors made, const CommandSignals& signals) {
        has_begun_ = true;
        const auto before = run_hooks(hooks_, Hook::Moment::pre_up, place_);
        if (!before) return run_failed(before.error());
        const auto linked = update_links(*config_, *namespace_, setup_->mtu);
        if (!linked) return run_failed(linked.error());
        const auto started = start_keeper(std::move(made));
        if (!started) return started.error();
        const auto after = run_hooks(hooks_, Hook::Moment::post_up, place_);
        if (!after) return run_failed(after.error());
        constexpr int signal_base = 128;
        if (const int signal = signals.told_to_end()) return signal_base + signal;
        auto status = run_confined({place_, run_as_, request_.command, !is_root_}, signals,
                                   keeper_->channel.fd());
        if (!status) return run_failed(status.error());
        return *status;
    }

    // Afterwards this process has neither keys nor a way around the tunnel, and so the first
    // process, which is a copy of it, has none either.
    Result<Done, Failure> start_keeper(Descriptors made) {
        auto pair = DescriptorChannel::create_pair();
        if (!pair) return run_failed(pair.error());
        SpawnOptions options;
        options.arguments = {"keep", config_->instance};
        options.channel = pair->second.fd();
        options.own_session = true;
        options.ends_with_parent = true;
        const auto pid = spawn_self(options);
        if (!pid) return run_failed(pid.error());
        keeper_.emplace(Keeper{*pid, std::move(pair->first)});
        const auto sent = keeper_->channel.send(nlohmann::json::object(), lend(made));
        if (!sent) return run_failed(sent.error());
        { const DescriptorChannel theirs(std::move(pair->second)); }
        setup_.reset();
        config_.reset();
        const auto received = keeper_->channel.receive();
        if (!received) return run_failed(received.error());
        if (*received && (**received).body.contains(daemon_word::ready)) return Done{};
        const std::string reason =
            *received ? (**received).body.value(daemon_word::failed, "") : "";
        return Failure{
            exit_status::failed,
            "run: " + (reason.empty() ? "the daemon ended before it was ready" : reason)};
    }

    // As `down` has it.
    void end() {
        if (!has_begun_) return;
        for (const bool on_host : {false, true})
            run_last(Hook::Moment::pre_down, on_host);
        end_keeper();
        for (const bool on_host : {false, true})
            run_last(Hook::Moment::post_down, on_host);
    }

    void run_last(Hook::Moment moment, bool on_host) const {
        for (const Error& error : run_all_hooks(hooks_, moment, on_host, place_))
            spdlog::warn("{}: {}", place_.instance, describe(error));
    }

    void end_keeper() {
        if (!keeper_) return;
        if (const auto process = ProcessId::of(keeper_->pid)) {
            const auto ended = end_process(*process, keeper_patience);
            if (!ended) spdlog::error("{}: {}", place_.instance, describe(ended.error()));
        }
        ::waitpid(keeper_->pid, nullptr, WNOHANG);
        keeper_.reset();
    }

    // What a user cannot do for himself: be another, and enter somebody else's namespace.
    [[nodiscard]] std::optional<Failure> needs_root() const {
        if (is_root_) return std::nullopt;
        if (!request_.user.empty())
            return Failure{exit_status::failed, "run: --user needs root; run this with sudo"};
        if (config_->socket_namespace.empty()) return std::nullopt;
        return Failure{exit_status::failed,
                       "run: SocketNamespace needs root: take it out, or run this with sudo"};
    }

    static Failure not_allowed(const Error& error) {
        const Finding finding = examine_user_namespaces();
        const std::string cure =
            finding.cure.empty() ? "run this with sudo" : finding.cure + ", or run this with sudo";
        return {exit_status::failed,
                "run: user namespaces are not allowed here: " + describe(error) + "; " + cure};
    }

    struct Keeper {
        pid_t pid;
        DescriptorChannel channel;
    };

    std::optional<Config> config_;  // until the keeper knows all
    const RunRequest& request_;
    std::vector<Hook> hooks_;
    const bool is_root_ = ::geteuid() == 0;
    std::optional<DaemonSetup> setup_;  // likewise
    std::optional<Namespace> namespace_;
    Place place_;
    RunAs run_as_;
    std::optional<Keeper> keeper_;
    bool has_begun_ = false;
};

}  // namespace

Result<int, Failure> run_throwaway(const RunRequest& request) {
    auto config = read_config(config_path(request.config), "", MissingKey::is_made);
    Result<int, Failure> status = 0;
    if (!config) {
        status = config.error();
    } else {
        tell_warnings(*config);
        if (config->namespace_name != config->instance)
            spdlog::warn(
                "{}: Namespace has no effect but for files in {}/{}: a throw-away namespace "
                "has no name",
                config->instance, netns_files_folder, config->namespace_name);
        status = Throwaway(*std::move(config), request).run();
    }
    if (!status) status.error().status = exit_status::exec_failed;
    return status;
}

}  // namespace wgns
