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

std::optional<Endpoint> endpoint_in(const DeviceChange& config, const PublicKey& peer) {
    const auto at = find_peer(config.peers, peer);
    return at == config.peers.end() ? std::nullopt : at->endpoint;
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
std::optional<PeerChange> change_of(const PeerSnapshot& now, const DeviceChange& before,
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
    if (wanted.endpoint && wanted.endpoint != endpoint_in(before, wanted.public_key)) {
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

DeviceChange device_difference(const DeviceSnapshot& now, const DeviceChange& before,
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

PeerCounts count_peers(const DeviceChange& difference) {
    PeerCounts counts;
    for (const PeerChange& peer : difference.peers)
        ++(peer.remove ? counts.removed : peer.update_only ? counts.changed : counts.added);
    return counts;
}

}  // namespace wgns
