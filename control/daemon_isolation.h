// What a daemon of `up` goes through, of isolation.h's stages, between the last thing that takes a
// privilege and the first packet: in the end it has no capability at all. What may still take one,
// a UDP port or mark that somebody sets later, its supervisor does (control/socket_broker.h).
#pragma once

#include "base/result.h"

namespace wgns {

// Of the calling thread and those that it starts: capabilities, user, files.
Status isolate_thread();

// Of the process: that, and dumps, memory and system calls. Every thread that runs already has
// called isolate_thread. What was asked of the kernel about the parent's end holds on.
Status isolate_daemon();

// Of a process that serves a bare interface (`wgns-user IFACE`) and has no supervisor, before it
// has threads: it keeps its user, CAP_NET_ADMIN for marks and the link, CAP_NET_BIND_SERVICE for
// low ports, and CAP_SYS_ADMIN and CAP_NET_BROADCAST to follow an interface that is moved to
// another namespace.
Status isolate_interface();

}  // namespace wgns
