// `run`: one command in a throw-away tunnel, which has no name and leaves nothing: no file, no
// entry in /run/netns, no process. Whoever calls need not be root.
//
//     run ─┬─ keeper ── daemon         the caller's network, files and processes
//          └─ first process ── CMD     network, files and processes of their own
//
// - `run` opens the UDP sockets and the listeners, then enters a user namespace unless it is root
//   (netns/user_namespace.h). From there on it is `up`, by the same functions, in a network
//   namespace that has no name: TUN, firewall, hooks, addresses and routes. It hands what it opened
//   to the keeper, keeps the namespace alone, and waits for CMD, whose signals it hands on and
//   whose status is its own.
// - The *keeper* is a Supervisor in a session of its own, so that ^C is for CMD alone. It holds TUN
//   and sockets and starts the *daemon* again when it crashes, so programs inside keep theirs.
// - The *first process* and CMD: control/confined_command.h. What names are asked of is in the
//   mount view (MountView::texts) and nowhere else.
//
// Who ends whom, also by SIGKILL: with `run` the keeper and the first process are killed by the
// kernel, with the keeper the daemon, with the first process everything inside. The namespaces end
// with those who are in them, and the TUN with keeper and daemon. When CMD ends, `run` ends the
// rest; when the keeper ends before, it ends CMD: 125. No process holds a TUN for longer than the
// keeper, so nobody inside ever has another way out than the tunnel.
//
// Hooks run as `up` runs them, by the rights of the caller: without root those inside have every
// capability in the throw-away namespaces and none outside. Those of the way down run when CMD has
// ended; SIGKILL leaves them out, for nobody is left who knows of them.
//
// Without a name there is nobody to ask: no `status`, `exec` or `reload`, no wg(8). MetricsListen
// and Publish work.
#pragma once

#include <string>
#include <vector>

#include "control/data_plane.h"
#include "control/failure.h"

namespace wgns {

struct RunRequest {
    std::string config;  // as in UpRequest
    DataPlaneWords data_plane;
    // For root alone, as choose_user has them.
    std::string user = {};
    std::string sudo_uid = {};
    std::string sudo_gid = {};
    std::vector<std::string> command;
};

// Returns the command's exit status, as run_confined has it. A failure of ours has status 125. The
// process has one thread and is of no use for anything else afterwards.
[[nodiscard]] Result<int, Failure> run_throwaway(const RunRequest& request);

}  // namespace wgns
