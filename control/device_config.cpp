#include "control/device_config.h"

namespace wgns {

namespace {

PeerChange peer_change_of(const PeerConfig& config) {
    PeerChange peer;
    peer.public_key = config.public_key;
    peer.preshared_key = config.preshared_key.duplicate();
    peer.persistent_keepalive_seconds = config.persistent_keepalive_seconds;
    if (config.endpoint) peer.endpoint = config.endpoint->address();
    peer.replace_allowed_ips = true;
    for (const IpPrefix& prefix : config.allowed_ips)
        peer.allowed_ips.push_back({prefix.masked(), false});
    return peer;
}

}  // namespace

DeviceChange device_change_of(const Config& config) {
    DeviceChange change;
    change.private_key = config.private_key.duplicate();
    if (config.listen_port != 0) change.listen_port = config.listen_port;
    change.fwmark = config.fwmark;
    change.replace_peers = true;
    for (const PeerConfig& peer : config.peers)
        change.peers.push_back(peer_change_of(peer));
    return change;
}

}  // namespace wgns
