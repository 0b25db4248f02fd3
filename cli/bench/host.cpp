#include "cli/bench/host.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "cli/bench/keeper.h"
#include "control/uapi_socket.h"

namespace wgns::bench {

using nlohmann::json;

namespace {

// Longer than whatever an order may take, each of which has a deadline of its own.
constexpr std::chrono::seconds patience{15};

Status mount_own(const char* kind, const std::string& path) {
    const auto done = check(::mount(kind, path.c_str(), kind, 0, nullptr), "mount", path);
    if (!done) return done.error();
    return Done{};
}

// From process 1: what tells of processes, and the folder of sockets, as nobody else sees them.
Status furnish() {
    const auto apart = check(::mount("", "/", "", MS_REC | MS_PRIVATE, nullptr), "mount", "/");
    if (!apart) return apart.error();
    auto done = mount_own("proc", "/proc");
    if (done) done = mount_own("tmpfs", UapiSocket::default_folder);
    return done;
}

Status enter(int ns) {
    // Away from the terminal, whose Ctrl-C is for the program that measures.
    auto done = check(::setsid(), "setsid");
    if (done) done = check(::setns(ns, CLONE_NEWNET), "setns");
    if (done) done = check(::unshare(CLONE_NEWNS | CLONE_NEWPID), "unshare");
    if (!done) return done.error();
    return Done{};
}

// Only a child of the process that asked for a process namespace is in it.
void keep(Channel& channel, int ns) {
    if (const auto entered = enter(ns); !entered) {
        static_cast<void>(channel.send(error_json("a host: " + describe(entered.error()))));
        return;
    }
    const pid_t pid = ::fork();
    if (pid > 0) ::waitpid(pid, nullptr, 0);
    if (pid != 0) return;
    // The other namespace's parent has no number here; the channel's end tells the rest.
    static_cast<void>(end_with(0));
    if (const auto furnished = furnish(); furnished)
        Keeper(channel).serve();
    else
        static_cast<void>(channel.send(error_json("a host: " + describe(furnished.error()))));
}

}  // namespace

Result<Host, Failure> Host::start(const Namespace& ns, const Interrupt& interrupt) {
    auto child = Child::start([&ns](Channel& channel) { keep(channel, ns.fd()); });
    if (!child) return child.error();
    Host host(*std::move(child), interrupt);
    const auto ready = host.child_.hear(interrupt, std::chrono::steady_clock::now() + patience);
    if (!ready) return ready.error();
    return host;
}

Result<json, Failure> Host::ask(const json& order) {
    if (!child_.channel().send(order)) return failed("a host ended early");
    return child_.hear(*interrupt_, std::chrono::steady_clock::now() + patience);
}

Result<Done, Failure> Host::launch(const std::string& command, const std::string& interface) {
    const auto told = ask({{"launch", command}, {"interface", interface}});
    if (!told) return told.error();
    return Done{};
}

Result<Done, Failure> Host::configure(const std::string& uapi, const std::string& address) {
    const auto told = ask({{"configure", uapi}, {"address", address}});
    if (!told) return told.error();
    return Done{};
}

Result<Done, Failure> Host::set(const std::string& uapi) {
    const auto told = ask({{"set", uapi}});
    if (!told) return told.error();
    return Done{};
}

Result<ProcessUsage, Failure> Host::usage() {
    const auto told = ask({{"usage", true}});
    if (!told) return told.error();
    return ProcessUsage{told->at("cpu_seconds").get<double>(),
                        told->at("peak_resident_mib").get<double>()};
}

Result<std::string, Failure> Host::first_line_of(const std::string& command) {
    const auto told = ask({{"first_line_of", command}});
    if (!told) return told.error();
    return told->at("line").get<std::string>();
}

}  // namespace wgns::bench
