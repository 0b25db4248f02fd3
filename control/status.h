// What the daemon tells of itself, as JSON: the one form that `status --json` prints and that
// `status` for people is made from. It never holds a private or preshared key.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "control/daemon_setup.h"
#include "dataplane/mailbox.h"

namespace wgns {

// What the snapshot of a worker does not know.
struct StatusFacts {
    const DaemonSetup* setup = nullptr;  // never null
    std::uint16_t listen_port = 0;
    DataPlaneFacts data_plane;
    pid_t pid = 0;  // the daemon's
};

// {"instance", "namespace", "interface", "pid", "public_key", "listen_port", "mtu", "io",
//  "io_reason", "aead", "aead_reason", "offloads", "peers": [{"public_key", "name",
//  "endpoint_configured", "endpoint", "latest_handshake", "rx_bytes", "tx_bytes", "staged_packets",
//  "persistent_keepalive", "allowed_ips": [...]}], "queues": {"handshake_messages",
//  "longest_turn_us"}, "drops": {NAME: count}}
// Times are seconds since 1970, 0: never. A text that is not known is empty. Only drops that
// happened are listed. The longest turn is that since the last status: for so long a worker kept
// what it had read.
[[nodiscard]] nlohmann::json status_json(const WorkerSnapshot& snapshot, const StatusFacts& facts);

}  // namespace wgns
