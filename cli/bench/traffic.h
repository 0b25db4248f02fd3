// What the ends of all traffic have in common. Each end is a process of its own (Child) in the
// network namespace of its host. The sink speaks first, {"port": N}; the source is told it, sends
// for as long as it was told and says {"sent": BYTES}; then the sink is told {"stop": true}, or
// sees by itself that it is over, and says what came.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "cli/bench/child.h"
#include "netns/namespace.h"

namespace wgns::bench {

// Of one run of traffic. Sources send for all of it and a moment longer; sinks count the second
// part by itself.
struct Phases {
    std::chrono::nanoseconds warm_up{};
    std::chrono::nanoseconds counted{};

    [[nodiscard]] std::chrono::nanoseconds sending() const noexcept {
        return warm_up + counted + std::chrono::milliseconds(50);
    }
};

// An IPv4 socket bound to `address` and a port of the kernel's choice.
[[nodiscard]] Result<UniqueFd> bound_socket(int type, const IpAddress& address);
[[nodiscard]] Result<UniqueFd> connected_socket(int type, const Endpoint& to);
[[nodiscard]] std::uint16_t port_of(const UniqueFd& socket);

// Runs `work` in a new process in that network namespace; what it returns is said to the parent.
[[nodiscard]] Result<Child, Failure> start_in(const Namespace& ns,
                                              std::function<Result<nlohmann::json>(Channel&)> work);

}  // namespace wgns::bench
