#include "control/device_difference.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace wgns {

namespace {

template <class Peers>
auto find_peer(const Peers& peers, const PublicKey& key) {
    return std::find_if(peers.begin(), peers.end(),
                        [&](const auto& each) { return each.public_key == key; });
}

// Of several peers that claim a prefix, the last one has it.
std::map<PublicKey, std::set<IpPrefix>> owned_prefixes(const DeviceChange& config) {
    std::map<IpPrefix, PublicKey> owners;
    for (const PeerChange& peer : config.peers)
        for (const auto& each : peer.allowed_ips)
            owners[each.prefix.masked()] = peer.public_key;
    std::map<PublicKey, std::set<IpPrefix>> owned;
    for (const auto& [prefix, peer] : owners)
        owned[peer].insert(prefix);
    return owned;
}

void put_allowed_ips(const std::set<IpPrefix>& owned, PeerChange& change) {
    change.replace_allowed_ips = true;
    for (const IpPrefix& prefix : owned)
        change.allowed_ips.push_back({prefix, false});
}

PeerChange new_peer(const PeerChange& wanted, const std::set<IpPrefix>& owned) {
    PeerChange change;
    change.public_key = wanted.public_key;
    if (wanted.preshared_key) change.preshared_key = wanted.preshared_key->duplicate();
    change.endpoint = wanted.endpoint;
    change.persistent_keepalive_seconds = wanted.persistent_keepalive_seconds;
    put_allowed_ips(owned, change);
    return change;
}

// Nothing when the peer is as it should be.
std::optional<PeerChange> change_of(const PeerSnapshot& now,
                                    const std::map<PublicKey, Endpoint>& before,
                                    const PeerChange& wanted, const std::set<IpPrefix>& owned) {
    PeerChange change;
    bool differs = false;
    change.public_key = wanted.public_key;
    change.update_only = true;
    const PresharedKey none;
    const PresharedKey& key = wanted.preshared_key ? *wanted.preshared_key : none;
    if (!equal_constant_time(key.bytes(), now.preshared_key.bytes())) {
        change.preshared_key = key.duplicate();
        differs = true;
    }
    const auto configured = before.find(wanted.public_key);
    const bool is_as_before = configured != before.end() && wanted.endpoint == configured->second;
    if (wanted.endpoint && !is_as_before) {
        change.endpoint = wanted.endpoint;
        differs = true;
    }
    const std::uint16_t keepalive = wanted.persistent_keepalive_seconds.value_or(0);
    if (keepalive != now.persistent_keepalive_seconds) {
        change.persistent_keepalive_seconds = keepalive;
        differs = true;
    }
    if (owned != std::set<IpPrefix>(now.allowed_ips.begin(), now.allowed_ips.end())) {
        put_allowed_ips(owned, change);
        differs = true;
    }
    if (!differs) return std::nullopt;
    return change;
}

}  // namespace

DeviceChange device_difference(const DeviceSnapshot& now,
                               const std::map<PublicKey, Endpoint>& before,
                               const DeviceChange& wanted) {
    DeviceChange difference;
    if (wanted.private_key &&
        !equal_constant_time(wanted.private_key->bytes(), now.private_key.bytes()))
        difference.private_key = wanted.private_key->duplicate();
    if (wanted.listen_port && *wanted.listen_port != now.listen_port)
        difference.listen_port = wanted.listen_port;
    if (wanted.fwmark.value_or(0) != now.fwmark) difference.fwmark = wanted.fwmark.value_or(0);
    for (const PeerSnapshot& peer : now.peers) {
        if (find_peer(wanted.peers, peer.public_key) != wanted.peers.end()) continue;
        PeerChange& gone = difference.peers.emplace_back();
        gone.public_key = peer.public_key;
        gone.remove = true;
    }
    auto owned = owned_prefixes(wanted);
    for (const PeerChange& peer : wanted.peers) {
        const auto there = find_peer(now.peers, peer.public_key);
        if (there == now.peers.end())
            difference.peers.push_back(new_peer(peer, owned[peer.public_key]));
        else if (auto change = change_of(*there, before, peer, owned[peer.public_key]))
            difference.peers.push_back(*std::move(change));
    }
    return difference;
}

DeviceChange change_to(const DeviceSnapshot& device) {
    DeviceChange change;
    change.private_key = device.private_key.duplicate();
    if (device.listen_port != 0) change.listen_port = device.listen_port;
    change.fwmark = device.fwmark;
    change.replace_peers = true;
    for (const PeerSnapshot& each : device.peers) {
        PeerChange& peer = change.peers.emplace_back();
        peer.public_key = each.public_key;
        peer.preshared_key = each.preshared_key.duplicate();
        if (each.endpoint.is_set()) peer.endpoint = each.endpoint;
        peer.persistent_keepalive_seconds = each.persistent_keepalive_seconds;
        peer.replace_allowed_ips = true;
        for (const IpPrefix& prefix : each.allowed_ips)
            peer.allowed_ips.push_back({prefix, false});
    }
    return change;
}

PeerCounts count_peers(const DeviceChange& difference) {
    PeerCounts counts;
    for (const PeerChange& peer : difference.peers)
        ++(peer.remove ? counts.removed : peer.update_only ? counts.changed : counts.added);
    return counts;
}

}  // namespace wgns
