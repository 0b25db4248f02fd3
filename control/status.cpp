#include "control/status.h"

#include "crypto/x25519.h"

namespace wgns {

using nlohmann::json;

namespace {

json peer_json(const PeerSnapshot& peer, const DaemonSetup& setup) {
    json allowed_ips = json::array();
    for (const IpPrefix& prefix : peer.allowed_ips)
        allowed_ips.push_back(prefix.to_string());
    const auto names = setup.peers.find(peer.public_key);
    const bool known = names != setup.peers.end();
    return {{"public_key", key_to_base64(peer.public_key.bytes)},
            {"name", known ? names->second.name : ""},
            {"endpoint_configured", known ? names->second.endpoint : ""},
            {"endpoint", peer.endpoint.is_set() ? peer.endpoint.to_string() : ""},
            {"latest_handshake", peer.last_handshake.seconds},
            {"rx_bytes", peer.received_bytes},
            {"tx_bytes", peer.sent_bytes},
            {"staged_packets", peer.staged_packets},
            {"persistent_keepalive", peer.persistent_keepalive_seconds},
            {"allowed_ips", allowed_ips}};
}

json queues_json(const Queues& queues) {
    const auto turn = std::chrono::duration_cast<std::chrono::microseconds>(queues.longest_turn);
    return {{"handshake_messages", queues.handshake_messages}, {"longest_turn_us", turn.count()}};
}

json drops_json(const DropCounters& drops) {
    json all = json::object();
    for (std::size_t i = 0; i < drop_count; ++i) {
        const auto reason = static_cast<Drop>(i);
        if (drops[reason] != 0) all[std::string(drop_name(reason))] = drops[reason];
    }
    return all;
}

}  // namespace

json status_json(const WorkerSnapshot& snapshot, const StatusFacts& facts) {
    const DaemonSetup& setup = *facts.setup;
    const PrivateKey& key = snapshot.device.private_key;
    json peers = json::array();
    for (const PeerSnapshot& peer : snapshot.device.peers)
        peers.push_back(peer_json(peer, setup));
    json published = json::array();
    for (const DaemonSetup::Publish& each : setup.published)
        published.push_back({{"host", each.host}, {"inside", each.inside}});
    return {{"instance", setup.instance},
            {"namespace", setup.namespace_name},
            {"interface", setup.interface},
            {"pid", facts.pid},
            {"public_key", key.is_zero() ? "" : key_to_base64(public_key_of(key).bytes)},
            {"listen_port", facts.listen_port},
            {"mtu", setup.mtu},
            {"io", snapshot.io},
            {"io_reason", facts.data_plane.io_reason},
            {"aead", snapshot.aead},
            {"aead_reason", facts.data_plane.aead_reason},
            {"offloads", describe(facts.data_plane.offloads)},
            {"workers", facts.data_plane.workers},
            {"peers", peers},
            {"published", published},
            {"metrics_listen", setup.metrics_listen},
            {"queues", queues_json(snapshot.queues)},
            {"drops", drops_json(snapshot.drops)}};
}

}  // namespace wgns
