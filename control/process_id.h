// A process that cannot be confused with a later one: its pid and the time it started
// (proc_pid_stat(5), field 22).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wgns {

struct ProcessId {
    pid_t pid = 0;
    std::uint64_t start_ticks = 0;  // since boot, in clock ticks

    // Nothing when there is no such process, or only its unreaped rest.
    [[nodiscard]] static std::optional<ProcessId> of(pid_t pid);
    // "PID START", as to_string prints it.
    [[nodiscard]] static std::optional<ProcessId> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    [[nodiscard]] bool is_running() const;

    friend bool operator==(const ProcessId&, const ProcessId&) noexcept = default;
};

// The start time in the text of /proc/PID/stat; nothing for a zombie or a text of another shape.
// The command's name in it may hold spaces and brackets.
[[nodiscard]] std::optional<std::uint64_t> parse_start_ticks(std::string_view stat);

// Asks `process` to end by SIGTERM, waits up to `patience`, then ends it by SIGKILL. Done when it
// is gone, also when it was gone before; never signals another process with the same pid.
Status end_process(const ProcessId& process, std::chrono::milliseconds patience);

}  // namespace wgns
