#include "control/metrics.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "crypto/x25519.h"
#include "protocol/drop.h"

namespace wgns {

namespace {

constexpr const char* counter = "counter";
constexpr const char* gauge = "gauge";

// One line a sample, all of a metric together below its HELP and TYPE, as the format demands.
class Exposition {
public:
    explicit Exposition(const std::string& instance)
        : instance_(fmt::format("instance=\"{}\"", escaped_label(instance))) {}

    void begin(const char* name, const char* type, const char* help) {
        name_ = name;
        fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                       type);
    }
    template <class Value>
    void sample(Value value, const std::string& more_labels = "") {
        fmt::format_to(std::back_inserter(text_), "{}{{{}{}{}}} {}\n", name_, instance_,
                       more_labels.empty() ? "" : ",", more_labels, value);
    }
    template <class Value>
    void only(const char* name, const char* help, Value value) {
        begin(name, gauge, help);
        sample(value);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string instance_;
    const char* name_ = "";
    std::string text_;
};

struct PeerMetric {
    const char* name;
    const char* type;
    const char* help;
    // Nothing: there is no such sample.
    std::optional<std::uint64_t> (*value)(const PeerSnapshot&);
};

constexpr PeerMetric peer_metrics[] = {
    {"wgns_peer_received_bytes_total", counter,
     "Bytes of authentic datagrams from the peer, on the wire.",
     [](const PeerSnapshot& peer) { return std::optional(peer.received_bytes); }},
    {"wgns_peer_sent_bytes_total", counter, "Bytes of datagrams to the peer, on the wire.",
     [](const PeerSnapshot& peer) { return std::optional(peer.sent_bytes); }},
    {"wgns_peer_last_handshake_timestamp_seconds", gauge,
     "When the last handshake was, in seconds since 1970; absent if there was none.",
     [](const PeerSnapshot& peer) {
         const auto seconds = static_cast<std::uint64_t>(peer.last_handshake.seconds);
         return seconds == 0 ? std::nullopt : std::optional(seconds);
     }},
    {"wgns_peer_endpoint_known", gauge, "Whether it is known where the peer is: 1 or 0.",
     [](const PeerSnapshot& peer) {
         return std::optional<std::uint64_t>(peer.endpoint.is_set() ? 1 : 0);
     }},
    {"wgns_peer_staged_packets", gauge, "Packets that wait for a session with the peer.",
     [](const PeerSnapshot& peer) { return std::optional<std::uint64_t>(peer.staged_packets); }},
};

// A name that several peers have, or that is another one's key, tells nobody which one it is.
std::vector<std::string> peer_labels(const WorkerSnapshot& snapshot, const DaemonSetup& setup) {
    const auto& peers = snapshot.device.peers;
    std::vector<std::string> names;
    std::map<std::string, unsigned> uses;
    for (const PeerSnapshot& peer : peers) {
        const auto known = setup.peers.find(peer.public_key);
        names.push_back(known == setup.peers.end() ? "" : known->second.name);
        ++uses[names.back()];
        ++uses[key_to_base64(peer.public_key.bytes)];
    }
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < peers.size(); ++i) {
        const bool is_own = !names[i].empty() && uses[names[i]] == 1;
        const std::string label = is_own ? names[i] : key_to_base64(peers[i].public_key.bytes);
        labels.push_back(fmt::format("peer=\"{}\"", escaped_label(label)));
    }
    return labels;
}

void add_peers(Exposition& out, const WorkerSnapshot& snapshot, const DaemonSetup& setup) {
    const auto labels = peer_labels(snapshot, setup);
    for (const PeerMetric& metric : peer_metrics) {
        out.begin(metric.name, metric.type, metric.help);
        for (std::size_t i = 0; i < labels.size(); ++i)
            if (const auto value = metric.value(snapshot.device.peers[i]))
                out.sample(*value, labels[i]);
    }
}

void add_drops(Exposition& out, const DropCounters& drops) {
    out.begin("wgns_dropped_packets_total", counter, "Packets that were dropped, by reason.");
    for (std::size_t i = 0; i < drop_count; ++i) {
        const auto reason = static_cast<Drop>(i);
        out.sample(drops[reason], fmt::format("reason=\"{}\"", drop_name(reason)));
    }
}

}  // namespace

std::string escaped_label(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

std::string metrics_text(const WorkerSnapshot& snapshot, const StatusFacts& facts,
                         const EndpointCounts& endpoints) {
    Exposition out(facts.setup->instance);
    out.begin("wgns_build_info", gauge, "What runs; always 1.");
    out.sample(1, fmt::format("version=\"{}\",io=\"{}\",aead=\"{}\"", WGNS_VERSION,
                              escaped_label(snapshot.io), escaped_label(snapshot.aead)));
    out.only("wgns_listen_port", "The UDP port.", facts.listen_port);
    out.only("wgns_workers", "Threads that carry packets.", facts.data_plane.workers);
    add_peers(out, snapshot, *facts.setup);
    add_drops(out, snapshot.drops);
    out.only("wgns_handshake_backlog_messages", "Handshake messages that wait.",
             snapshot.queues.handshake_messages);
    const std::chrono::duration<double> turn = snapshot.queues.longest_turn;
    out.only("wgns_longest_turn_seconds",
             "The longest that a worker kept what it had read, since the last scrape.",
             turn.count());
    out.begin("wgns_endpoint_lookup_failures_total", counter,
              "Lookups of endpoints' names without a usable answer.");
    out.sample(endpoints.failed_lookups);
    out.begin("wgns_endpoint_changes_total", counter,
              "Endpoints that were written because a name was looked up.");
    out.sample(endpoints.changes);
    return out.take();
}

}  // namespace wgns
