// Traffic between two ends as a description, which both carry out, each its part, wherever it is.
#pragma once

#include "cli/bench/plan.h"
#include "cli/bench/traffic.h"

namespace wgns::bench {

struct Task {
    Traffic traffic = Traffic::tcp;
    bool is_reverse = false;           // TCP: who listens sends
    unsigned streams = 1;              // TCP
    std::uint32_t datagram_size = 64;  // UDP
    bool has_trains = false;           // UDP
    Phases phases;
};

// What others may order.
inline constexpr unsigned task_streams_max = 64;
inline constexpr std::uint32_t task_datagram_size_max = 9000;
inline constexpr std::chrono::seconds task_sending_max{610};

[[nodiscard]] nlohmann::json json_of(const Task& task);
// Refuses what is beyond those limits, and what is no task.
[[nodiscard]] Result<Task> task_of(const nlohmann::json& json);

// Says {"port": N}, and returns what came of it. Port 0: one of the kernel's choice.
[[nodiscard]] Result<nlohmann::json> listen(Channel& channel, const Endpoint& at, const Task& task);
[[nodiscard]] Result<nlohmann::json> call(const Endpoint& to, const Task& task);

}  // namespace wgns::bench
