// The network namespace that the UDP sockets of an instance belong in.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "control/config.h"
#include "control/process_id.h"
#include "netns/namespace.h"

namespace wgns {

struct SocketNamespace {
    Namespace ns;
    bool is_callers = true;  // the one that `up` is called in, where its daemon runs too
};
// For `up`: the caller's, unless the configuration names another.
Result<SocketNamespace> socket_namespace(const Config& config);
// For a running instance, whoever asks: its supervisor's stands for the caller's.
Result<SocketNamespace> socket_namespace(const Config& config, const ProcessId& supervisor);

// As interface_mtu, seen from there.
[[nodiscard]] std::uint32_t mtu_seen_from(const Namespace& ns, const Config& config);

}  // namespace wgns
