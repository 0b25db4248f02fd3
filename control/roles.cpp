#include "control/roles.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "control/daemon.h"
#include "control/failure.h"
#include "control/spawn.h"
#include "control/state_dir.h"
#include "control/supervisor.h"
#include "control/teardown.h"

namespace wgns {

namespace {

int supervise(const StateDir& state, DescriptorChannel command) {
    auto received = command.receive();
    if (!received || !*received) return exit_status::usage;
    std::optional<Supervisor> supervisor(std::in_place, state.name(),
                                         std::move((**received).descriptors));
    std::optional<DescriptorChannel> open_command(std::move(command));
    const auto on_ready = [&] {
        const auto told = open_command->send({{daemon_word::ready, true}});
        if (!told) spdlog::warn("{}: {}", state.name(), describe(told.error()));
        open_command.reset();
    };
    const auto ending =
        supervisor->run(open_command->fd(), {on_ready, [&] { announce_end(state); }});
    // With its descriptors the interface goes.
    supervisor.reset();
    if (!ending.reason.empty()) spdlog::error("{}: {}", state.name(), ending.reason);
    const auto cleared = clear_instance(state);
    if (!cleared) spdlog::error("{}: {}", state.name(), describe(cleared.error()));
    if (ending.cause == Supervisor::Cause::told && cleared) return exit_status::done;
    if (open_command) {
        const auto told = open_command->send({{daemon_word::failed, ending.reason}});
        if (!told) spdlog::error("{}: {}", state.name(), describe(told.error()));
    }
    return exit_status::failed;
}

int keep(const std::string& name, DescriptorChannel command) {
    auto received = command.receive();
    if (!received || !*received) return exit_status::usage;
    Supervisor supervisor(name, std::move((**received).descriptors));
    const auto tell = [&](const nlohmann::json& word) {
        const auto told = command.send(word);
        if (!told) spdlog::error("{}: {}", name, describe(told.error()));
    };
    const auto ending = supervisor.run(command.fd(), {[&] {
                                                          tell({{daemon_word::ready, true}});
                                                      },
                                                      [] {}});
    if (ending.cause == Supervisor::Cause::told) return exit_status::done;
    tell({{daemon_word::failed, ending.reason}});
    return exit_status::failed;
}

// It came through an exec, and goes through no other.
DescriptorChannel role_channel() {
    ::fcntl(role_channel_fd, F_SETFD, FD_CLOEXEC);
    return DescriptorChannel(UniqueFd(role_channel_fd));
}

}  // namespace

int supervisor_role(const std::string& instance) {
    if (!StateDir::is_valid_name(instance)) return exit_status::usage;
    std::signal(SIGPIPE, SIG_IGN);
    return supervise(StateDir(instance), role_channel());
}

int keeper_role(const std::string& instance) {
    if (!StateDir::is_valid_name(instance)) return exit_status::usage;
    std::signal(SIGPIPE, SIG_IGN);
    return keep(instance, role_channel());
}

int daemon_role(const std::string& instance) {
    if (!StateDir::is_valid_name(instance)) return exit_status::usage;
    std::signal(SIGPIPE, SIG_IGN);
    int status = exit_status::failed;
    {
        Daemon daemon{role_channel()};
        status = daemon.run();
        spdlog::default_logger()->flush();
        // A name server that does not answer would hold a normal exit up, for as long as the
        // resolver's thread waits for it.
        std::_Exit(status);
    }
}

}  // namespace wgns
