// Starting this same program again in another role: the supervisor and the daemon. A fresh exec
// gives a process that holds nothing but what it was given.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace wgns {

// Where a role started by spawn_self finds its DescriptorChannel.
inline constexpr int role_channel_fd = 3;

struct SpawnOptions {
    std::vector<std::string> arguments;  // behind argv[0]
    int channel = -1;                    // becomes role_channel_fd; borrowed
    int output = -1;                // becomes standard output and error; -1: inherited; borrowed
    bool own_session = false;       // leave the terminal: setsid, folder "/", no input
    bool ends_with_parent = false;  // SIGKILL when the parent ends, in whatever way
};

// The child's pid. Signal mask and dispositions are the default ones in the child. Call it from a
// program of one thread: with ends_with_parent the calling thread is the parent that counts.
Result<pid_t> spawn_self(const SpawnOptions& options);

}  // namespace wgns
