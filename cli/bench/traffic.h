// What the ends of all traffic have in common. Each end is a process of its own (Child) in the
// network namespace of its host. One listens and speaks first, {"port": N}; the other is told it
// and calls. Whoever sends does so for as long as it was told. When the caller has said what came
// of it, the listener is told {"stop": true}, or sees by itself that it is over, and says it as
// well.
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

// Port 0: one of the kernel's choice.
[[nodiscard]] Result<UniqueFd> bound_socket(int type, const Endpoint& at);
[[nodiscard]] Result<UniqueFd> connected_socket(int type, const Endpoint& to);
[[nodiscard]] std::uint16_t port_of(const UniqueFd& socket);

// Says to the other end what came of the work here.
void tell(const Channel& channel, const Result<nlohmann::json>& outcome);

// Runs `work` in a new process in that network namespace; what it returns is said to the parent.
[[nodiscard]] Result<Child, Failure> start_in(const Namespace& ns,
                                              std::function<Result<nlohmann::json>(Channel&)> work);

}  // namespace wgns::bench
