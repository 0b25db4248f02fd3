// A command in a process namespace of its own (pid_namespaces(7)), as its second process: the first
// one is ours, and with that all of them end, whatever they have become. So nothing that a command
// leaves running outlives it, and nothing at all outlives us. Nothing else does that against
// SIGKILL without root: what has left its parent, its session and its group still has its
// namespace. The price: inside, the machine's other processes are neither seen nor signalled, /proc
// is the namespace's own, and what runs in the background ends with the command.
//
//     caller ── first process (1 inside): reaps, hands signals on ── the command, and its own
//
// The first process ends by SIGKILL when the caller does, in whatever way, and the kernel ends the
// rest. It tells nothing: its exit status is the command's.
//
// The command keeps its session, its group and its terminal. What a terminal sends reaches it
// there; what somebody sends to the caller alone is handed on.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/run_inside.h"

namespace wgns {

// Holds back the signals that end or steer a command, from now on, and knows how they were before.
class CommandSignals {
public:
    CommandSignals();
    ~CommandSignals() { restore(); }
    CommandSignals(const CommandSignals&) = delete;
    CommandSignals& operator=(const CommandSignals&) = delete;

    void restore() const;
    // One that has come and asks for an end, else 0. It stays where it is.
    [[nodiscard]] int told_to_end() const;
    // Reads them, and SIGCHLD.
    [[nodiscard]] Result<UniqueFd> open() const;

private:
    sigset_t held_{};
    sigset_t mask_before_{};
    struct sigaction child_before_ {};
};

struct ConfinedCommand {
    const Place& place;
    const RunAs& run_as;
    std::vector<std::string> words;  // at least one
    // The command has no capabilities: the caller's are those of a user namespace that is not its.
    bool has_no_capabilities = false;
};

// Runs it to its end and returns its exit status, or 128 and the number of the signal that ended
// it; as run_inside has them where it could not be run, for which a line is on standard error. If
// `watched` is readable before, everything inside is ended: an error. The caller has one thread.
[[nodiscard]] Result<int> run_confined(const ConfinedCommand& command,
                                       const CommandSignals& signals, int watched);

}  // namespace wgns
