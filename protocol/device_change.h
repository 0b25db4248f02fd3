// What is to change in a WireGuard device: the one value that a configuration file and a UAPI
// client both turn into.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "crypto/secret.h"

namespace wgns {

// Nothing stands for "as it is": an absent field is not touched. Move-only because of its secret.
struct PeerChange {
    struct AllowedIpChange {
        IpPrefix prefix{};    // host bits may be set; they do not count
        bool remove = false;  // takes the prefix from this peer, if it has it
    };

    PublicKey public_key{};
    bool remove = false;                          // the rest is then ignored
    bool update_only = false;                     // an unknown peer is not created
    bool replace_allowed_ips = false;             // forget all of them before `allowed_ips`
    std::optional<PresharedKey> preshared_key{};  // zero: none from now on
    std::optional<Endpoint> endpoint{};
    bool start_handshake = false;  // even if a session lives, which goes on until there is another
    std::optional<std::uint16_t> persistent_keepalive_seconds{};  // 0: off
    std::vector<AllowedIpChange> allowed_ips{};                   // in order; the last claim holds
};

struct DeviceChange {
    std::optional<PrivateKey> private_key{};     // zero: none from now on
    std::optional<std::uint16_t> listen_port{};  // 0: any free one
    std::optional<std::uint32_t> fwmark{};       // 0: none
    bool replace_peers = false;                  // forget all of them before `peers`
    std::vector<PeerChange> peers{};             // in order; a key may come more than once
};

}  // namespace wgns
