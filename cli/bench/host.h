// One host of the two: a process namespace and mounts of its own in a given network namespace, in
// which an implementation runs and nothing else. Whatever that starts, and its socket in
// /var/run/wireguard, is gone with the Host, and with this program when it is killed.
#pragma once

#include <string>

#include "cli/bench/child.h"
#include "cli/bench/process_usage.h"
#include "netns/namespace.h"

namespace wgns::bench {

class Host {
public:
    // `interrupt` must outlive it.
    [[nodiscard]] static Result<Host, Failure> start(const Namespace& ns,
                                                     const Interrupt& interrupt);

    Host(Host&&) noexcept = default;
    Host& operator=(Host&&) = delete;
    ~Host() { child_.dismiss(); }

    // Starts the implementation and returns when it answers for `interface`. `command` is a line
    // for the shell; empty: this program itself.
    [[nodiscard]] Result<Done, Failure> launch(const std::string& command,
                                               const std::string& interface);
    // Gives the daemon a configuration (UAPI, behind "set=1"), and its interface address and MTU.
    [[nodiscard]] Result<Done, Failure> configure(const std::string& uapi,
                                                  const std::string& address);
    // Gives the daemon more of a configuration.
    [[nodiscard]] Result<Done, Failure> set(const std::string& uapi);
    // What the implementation used since it began: all its processes together.
    [[nodiscard]] Result<ProcessUsage, Failure> usage();
    // The first line that a command prints; empty where it fails or takes long.
    [[nodiscard]] Result<std::string, Failure> first_line_of(const std::string& command);

private:
    Host(Child child, const Interrupt& interrupt) noexcept
        : child_(std::move(child)), interrupt_(&interrupt) {}
    [[nodiscard]] Result<nlohmann::json, Failure> ask(const nlohmann::json& order);

    Child child_;
    const Interrupt* interrupt_;
};

}  // namespace wgns::bench
