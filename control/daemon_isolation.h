// What a daemon of `up` goes through, of isolation.h's stages, between the last thing that takes a
// privilege and the first packet: in the end it has no capability at all. What may still take one,
// a UDP port or mark that somebody sets later, its supervisor does (control/socket_broker.h).
#pragma once

#include <filesystem>

#include "base/result.h"
#include "dataplane/io.h"

namespace wgns {

// Of the calling thread and those that it starts: capabilities, user, files.
Status isolate_thread();

// Of the process: that, and dumps, memory and system calls, those for packets by `io`'s. Every
// thread that runs already has called isolate_thread. What was asked of the kernel about the
// parent's end holds on.
Status isolate_daemon(IoKind io);

// Of a process that serves a bare interface (`wgns-user IFACE`), before it has threads: the same
// stages, with less to give up, for there is no supervisor to ask. It keeps CAP_NET_ADMIN, for
// marks and to look at the link wherever it is moved to, and CAP_NET_BIND_SERVICE for low ports. It
// keeps its user, as wireguard-go does: at its end it removes its socket from a folder of root's.
// So that this user is worth little, it neither reads nor writes files, and may remove those of
// `uapi_folder`, which may be empty; no list has connect(2), which leads to services that ask who
// calls.
Status isolate_interface(IoKind io, const std::filesystem::path& uapi_folder);

// Of either, once the data plane has its rings, which do nothing but what they are for
// (dataplane/uring.h): whoever asks for another one ends the process.
void forbid_new_rings();

}  // namespace wgns
