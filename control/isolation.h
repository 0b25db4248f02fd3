// What a process that reads from the network gives up before it does, stage by stage: after all of
// them it has no capability, a user of its own, memory that is neither dumped nor swapped, no file
// to write, and only the system calls that its units declare. Nothing of it can be had back.
//
// Keys that live for long are in pages of their own besides (crypto/secret_pages.h).
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <span>
#include <vector>

#include "base/result.h"

namespace wgns {

struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
};
// Of the user "wgns-user", which the package makes, or else of nobody.
[[nodiscard]] Identity daemon_identity();

// No core file, and no other process of the same user looks inside (ptrace(2), PR_SET_DUMPABLE).
Status forbid_dumps();

// Whatever the process touches from now on stays out of swap, keys on their way over a stack too,
// if the limit lets it lock all it may ever need. False: it does not, and no more is locked,
// because an allocation would fail later.
Result<bool> lock_memory();

// The calling thread and those that it starts have this user from now on, no groups but its own, at
// most the capabilities `kept` (capabilities(7)), and get none by executing a file. A user
// namespace that does not know the user keeps the one that it has. PR_SET_PDEATHSIG is to be set
// anew.
Status give_up_privileges(const Identity& identity, std::span<const int> kept = {});

// No file is opened for writing, made, renamed or removed any more, and none executed, where the
// kernel has Landlock; descriptors that are open stay as they are. Of the calling thread and those
// that it starts.
Status forbid_file_changes();
// Nor is one read: all that is left is to remove files of that folder, if it is there. Of who it
// is, too, where the system calls that do without a filter (io_uring's) are to have no files.
Status forbid_files(const std::filesystem::path& removable_in);

// All threads may make these system calls, by name (seccomp(2)). Those that only an intruder would
// make end the process (execve, fork, ptrace, mount, setns and their like); any other fails with
// ENOSYS, so that a newer libc falls back on an older way. Whatever the lists say: a socket is one
// of AF_INET, AF_INET6, AF_UNIX and AF_NETLINK, files are opened for reading alone, and signals and
// limits are the process's own.
Status allow_system_calls(const std::vector<std::span<const char* const>>& lists);
// From now on one of these, by any thread, ends the process. After allow_system_calls.
Status forbid_system_calls(std::span<const char* const> calls);
// What libc, the threads and Asio make by themselves.
[[nodiscard]] std::span<const char* const> runtime_calls() noexcept;

}  // namespace wgns
