// What `up` hands the daemon besides sockets: the device's configuration and what `status` tells of
// it. It travels in a sealed memory file, so a daemon that is started again reads the same, and no
// key touches a disk.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/data_plane.h"
#include "control/endpoint_resolver.h"
#include "crypto/secret.h"

namespace wgns {

struct DaemonSetup {
    // How one peer is called in the configuration; either may be empty.
    struct PeerNames {
        std::string name;
        std::string endpoint;  // as written: "vpn.example.org:51820"
    };

    // A port of the host that leads inside; its listener is the descriptor of its name
    // (publish_descriptor).
    struct Publish {
        std::string host;  // "127.0.0.1:8080"
        std::uint16_t inside = 0;
    };

    DaemonSetup() = default;
    DaemonSetup(DaemonSetup&&) = default;
    DaemonSetup& operator=(DaemonSetup&&) = default;
    ~DaemonSetup();  // wipes the keys in `uapi`

    std::string instance;
    std::string namespace_name;
    std::string interface;
    std::uint32_t mtu = 0;
    DataPlaneWords data_plane;
    std::map<PublicKey, PeerNames> peers;
    std::vector<NamedEndpoint> named_endpoints;
    std::vector<Publish> published;
    bool is_quiet = false;       // says only what is wrong: somebody else's terminal
    std::string metrics_listen;  // "127.0.0.1:9586"; empty: no port
    // A `set` request, as print_set makes it. It holds the keys, so who has passed it on wipes it.
    std::string uapi;
};

// A memory file that nobody can write any more; the reader must have been given the descriptor.
Result<UniqueFd> write_setup(const DaemonSetup& setup);
// Reads from the start, whatever was read before.
Result<DaemonSetup> read_setup(int file);

}  // namespace wgns
