#include "control/hooks.h"

#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "control/failure.h"

namespace wgns {

namespace {

constexpr std::size_t shown_command_bytes_max = 80;

// The supervisor holds back and ignores signals that a command of the user's must see.
void restore_signals() {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
}

[[noreturn]] void become_shell(const Hook& hook, const Place& place) {
    // Half a hook is no worse than half a command, and the lock of the instance is free again.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    restore_signals();
    const auto entered = hook.is_on_host ? Status(Done{}) : enter(place, RunAs{});
    if (!entered) {
        spdlog::error("{}: {}", place.instance, describe(entered.error()));
        std::_Exit(exit_status::exec_failed);
    }
    ::setenv("WGNS_NAME", place.instance.c_str(), 1);
    ::execlp("bash", "bash", "-c", hook.command.c_str(), nullptr);
    ::execl("/bin/sh", "sh", "-c", hook.command.c_str(), nullptr);
    std::_Exit(exit_status::not_found);
}

std::string shown(const std::string& command) {
    if (command.size() <= shown_command_bytes_max) return "'" + command + "'";
    return "'" + command.substr(0, shown_command_bytes_max) + "…'";
}

Status run_hook(const Hook& hook, const Place& place) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) return Error{errno, "fork", hook_name(hook), ""};
    if (child == 0) become_shell(hook, place);
    int wait_status = 0;
    while (::waitpid(child, &wait_status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) return Done{};
    const std::string how = WIFSIGNALED(wait_status)
                                ? fmt::format("ended by signal {}", WTERMSIG(wait_status))
                                : fmt::format("ended with status {}", WEXITSTATUS(wait_status));
    return Error{0, hook_name(hook), shown(hook.command), how};
}

}  // namespace

const char* hook_name(const Hook& hook) noexcept {
    switch (hook.moment) {
        case Hook::Moment::pre_up:
            return hook.is_on_host ? "PreUpHost" : "PreUp";
        case Hook::Moment::post_up:
            return hook.is_on_host ? "PostUpHost" : "PostUp";
        case Hook::Moment::pre_down:
            return hook.is_on_host ? "PreDownHost" : "PreDown";
        case Hook::Moment::post_down:
            return hook.is_on_host ? "PostDownHost" : "PostDown";
    }
    return "";
}

std::vector<Hook> with_interface(std::vector<Hook> hooks, const std::string& interface) {
    constexpr std::string_view mark = "%i";
    for (Hook& hook : hooks) {
        std::size_t at = 0;
        while ((at = hook.command.find(mark, at)) != std::string::npos) {
            hook.command.replace(at, mark.size(), interface);
            at += interface.size();
        }
    }
    return hooks;
}

Status run_hooks(const std::vector<Hook>& hooks, Hook::Moment moment, const Place& place) {
    Status done = Done{};
    for (const Hook& hook : hooks)
        if (done && hook.moment == moment) done = run_hook(hook, place);
    return done;
}

std::vector<Error> run_all_hooks(const std::vector<Hook>& hooks, Hook::Moment moment, bool on_host,
                                 const Place& place) {
    std::vector<Error> failures;
    for (const Hook& hook : hooks) {
        if (hook.moment != moment || hook.is_on_host != on_host) continue;
        if (auto done = run_hook(hook, place); !done) failures.push_back(done.error());
    }
    return failures;
}

std::string to_text(const std::vector<Hook>& hooks) {
    nlohmann::json all = nlohmann::json::array();
    for (const Hook& hook : hooks)
        all.push_back({{"moment", static_cast<int>(hook.moment)},
                       {"on_host", hook.is_on_host},
                       {"command", hook.command}});
    return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::vector<Hook> parse_hooks(const std::string& text) {
    const auto all = nlohmann::json::parse(text, nullptr, false);
    std::vector<Hook> hooks;
    if (!all.is_array()) return hooks;
    try {
        for (const auto& each : all)
            hooks.push_back({static_cast<Hook::Moment>(each.at("moment").get<int>()),
                             each.at("on_host").get<bool>(),
                             each.at("command").get<std::string>()});
    } catch (const nlohmann::json::exception&) {
        hooks.clear();
    }
    return hooks;
}

}  // namespace wgns
