// What processes used, read from /proc and their clocks.
#pragma once

#include <sys/types.h>

namespace wgns::bench {

struct ProcessUsage {
    double cpu_seconds = 0;        // user and system, of all threads, ended ones too
    double peak_resident_mib = 0;  // VmHWM
};

// Zeros for a process that is gone.
[[nodiscard]] ProcessUsage usage_of(pid_t pid);
// The sum over every process that /proc has but the calling one. For process 1 of a namespace with
// a /proc of its own: over all that it has started.
[[nodiscard]] ProcessUsage usage_of_others();

}  // namespace wgns::bench
