#include <algorithm>

#include "simulation.h"

namespace wgns::sim {

namespace {

using std::chrono_literals::operator""ms;

// After this much calm, and the network's delay, every packet arrives: 15 s until data counts as
// unanswered, and the jitter of that.
constexpr Duration healing_time = 15'400ms + 2 * Conditions{}.delay_max;
// More stamps than a clock set back makes its host use up in advance.
constexpr std::int64_t restart_seconds = 60;

Endpoint stranger(std::uint64_t number) {
    Endpoint endpoint;
    const auto last = static_cast<std::uint8_t>(number);
    endpoint.address = IpAddress::v4(std::array<std::uint8_t, 4>{198, 51, 100, last});
    endpoint.port = 4500;
    return endpoint;
}

}  // namespace

void Simulation::occur(const Occurrence& what) {
    switch (what.event) {
        case Event::calm:
            return calm();
        case Event::trouble:
            calm_since_ = {};
            ledger_.forget_promises();
            return network_.set_conditions(what.conditions);
        case Event::replay:
            return replay(what.amount);
        case Event::restart:
            return start(node(what.host));
        case Event::rebind:
            return rebind(node(what.host));
        case Event::garbage:
            return throw_garbage(node(what.host), what.amount);
        default:
            // Nothing runs on a host that sleeps.
            if (!node(what.host).is_suspended) occur_to(node(what.host), what);
    }
}

void Simulation::occur_to(Node& node, const Occurrence& what) {
    switch (what.event) {
        case Event::packets:
            return send_packets(what, what.host);
        case Event::spoofed_packet:
            return send_packets(what, static_cast<std::uint8_t>(what.host + 1));
        case Event::suspend:
            return suspend(node, what.time);
        case Event::wall_jump:
            return jump_wall(node, what.time);
        case Event::preshared_key:
            return change_psk(node, what.other);
        case Event::private_key:
            return change_identity(node);
        case Event::tell_keys:
            return tell_keys(node);
        case Event::keepalive:
            return set_keepalive(node, what.amount);
        case Event::mtu:
            return post(node, SetMtu{what.amount});
        case Event::forget_sources:
            return post(node, ForgetSources{});
        case Event::link_down:
            return bring_down(node);
        case Event::link_up:
            return bring_up(node);
        case Event::flood:
            return flood(node, what.amount);
        default:
            WG_ASSERT(false);
    }
}

void Simulation::calm() {
    network_.set_conditions({});
    network_.clear();
    for (Node& each : nodes_) {
        if (each.is_suspended) resume(each);
        if (!each.is_up) bring_up(each);
    }
    for (Node& each : nodes_)
        for (const std::uint8_t peer : each.peers)
            configure(each, peer, each.number != 1);
    calm_since_ = clock_.now();
}

void Simulation::send_packets(const Occurrence& what, std::uint8_t claims) {
    Node& from = node(what.host);
    if (!from.is_up) return;  // no route leads there
    const bool is_promised = !calm_since_.is_never() && claims == what.host &&
                             clock_.now() - calm_since_ >= healing_time;
    for (std::uint32_t i = 0; i < std::max(what.amount, 1u); ++i) {
        Ledger::Entry entry;
        entry.from = what.host;
        entry.to = what.other;
        entry.claims = claims;
        entry.size = what.size;
        from.host->send(ledger_.make(entry));
        if (is_promised) ledger_.promise(clock_.now());
    }
    invariants_.stimulus(from, what.other);
}

// As a NAT does that has forgotten, or a host that moves.
void Simulation::rebind(Node& node) {
    node.address.port = static_cast<std::uint16_t>(dice_.between(1024, 65'535));
    if (dice_.permille(300))
        node.address.address = IpAddress::v4(std::array<std::uint8_t, 4>{
            203, 0, static_cast<std::uint8_t>(dice_.below(256)), node.number});
    node.host->ports.address = node.address;
}

void Simulation::start(Node& node) {
    std::int64_t ahead = 0;
    if (node.host) {
        // A stamp before those of its last life would be refused, as it should be.
        jump_wall(node, {});
        node.least_wall_seconds = node.newest_wall_seconds + restart_seconds;
        jump_wall(node, {});
        ahead = node.host->clock.ahead_seconds;
    }
    node.is_suspended = false;
    node.is_up = true;
    node.waiting.clear();
    node.waiting_handshakes = 0;
    blind_stranger();
    node.host = std::make_unique<Host>(node.number, clock_, dice_.next());
    node.host->clock.ahead_seconds = ahead;
    node.host->ports.address = node.address;
    invariants_.started(node);
    ApplyChange change;
    change.change.private_key = node.identity->secret().duplicate();
    post(node, std::move(change));
    node.told = {};
    tell_keys(node);
}

void Simulation::suspend(Node& node, Duration time) {
    node.is_suspended = true;
    node.suspended_at = clock_.now();
    node.resumes_at = clock_.now() + time;
}

void Simulation::resume(Node& node) {
    node.is_suspended = false;
    invariants_.resumed(node);
    turn(node);
}

void Simulation::jump_wall(Node& node, Duration by) {
    HostClock& clock = node.host->clock;
    node.newest_wall_seconds = std::max(node.newest_wall_seconds, clock.wall_time().seconds);
    const auto wanted =
        clock.ahead_seconds + std::chrono::duration_cast<std::chrono::seconds>(by).count();
    clock.ahead_seconds = std::max(wanted, node.least_wall_seconds - clock_.wall_time().seconds);
    node.newest_wall_seconds = std::max(node.newest_wall_seconds, clock.wall_time().seconds);
}

// --- keys and configuration ---

void Simulation::change_psk(Node& node, std::uint8_t other) {
    blind_stranger();
    psk(node, other) = generate_preshared_key(entropy_);
    configure(node, other, false);
}

void Simulation::new_identity(Node& node) {
    node.identity = std::make_shared<StaticIdentity>(generate_private_key(entropy_));
    invariants_.identity_known(node);
}

void Simulation::change_identity(Node& node) {
    blind_stranger();
    new_identity(node);
    for (const std::uint8_t peer : node.peers)
        invariants_.identity_changed(node, peer);
    ApplyChange change;
    change.change.private_key = node.identity->secret().duplicate();
    post(node, std::move(change));
}

void Simulation::tell_keys(Node& node) {
    for (const std::uint8_t peer : node.peers)
        configure(node, peer, false);
}

void Simulation::set_keepalive(Node& node, std::uint32_t seconds) {
    node.keepalive_seconds = static_cast<std::uint16_t>(seconds);
    tell_keys(node);
}

void Simulation::bring_down(Node& node) {
    turn(node);  // what it owes by now
    node.is_up = false;
    invariants_.link_down(node);
    post(node, LinkDown{});
}

void Simulation::bring_up(Node& node) {
    node.is_up = true;
    for (const std::uint8_t peer : node.peers)
        invariants_.keepalive_set(node, peer, node.keepalive_seconds);
    post(node, LinkUp{});
}

void Simulation::configure(Node& node, std::uint8_t peer, bool with_endpoint) {
    const Node& other = this->node(peer);
    const PublicKey& key = other.identity->public_key();
    PublicKey& told = node.told[peer];
    const bool is_new = told != key;
    ApplyChange change;
    if (is_new) {
        PeerChange& old = change.change.peers.emplace_back();
        old.public_key = told;
        old.remove = true;
        invariants_.identity_changed(node, peer);
        // Only host 1 is at an address that others are told.
        with_endpoint = peer == 1;
    }
    told = key;
    PeerChange& wanted = change.change.peers.emplace_back();
    wanted.public_key = key;
    wanted.preshared_key = psk(node, peer).duplicate();
    wanted.persistent_keepalive_seconds = node.keepalive_seconds;
    wanted.allowed_ips.push_back({{inner_address(peer), 32}, false});
    invariants_.keepalive_set(node, peer, node.keepalive_seconds);
    if (with_endpoint) {
        wanted.endpoint = other.address;
        invariants_.endpoint_set(node, peer, other.address);
    }
    post(node, std::move(change));
}

void Simulation::post(Node& node, Command command) {
    node.host->post(std::move(command));
    judge(node);
}

// --- strangers ---

void Simulation::flood(Node& node, std::uint32_t amount) {
    MacStamper stamper(node.identity->public_key());
    for (std::uint32_t i = 0; i < amount; ++i) {
        Flight flight;
        flight.datagram.from = stranger(dice_.between(1, 9));
        flight.datagram.to = node.address;
        auto& bytes = flight.datagram.bytes;
        bytes.resize(initiation_size);
        entropy_.fill(MutableBytes(bytes));
        store_le(MutableBytes(bytes), MessageType::initiation);
        stamper.stamp(bytes, clock_.now());
        node.waiting.push_back(std::move(flight));
    }
}

void Simulation::replay(std::uint32_t amount) {
    for (std::uint32_t i = 0; i < amount && !seen_.empty(); ++i) {
        Flight flight = seen_[dice_.below(seen_.size())];
        flight.is_replay = true;
        flight.datagram.from = stranger(1);
        network_.send(flight, clock_.now());
    }
}

// What a host refused or forgot it may accept once it has other keys or is started anew, from
// whoever sends it: so the protocol is.
void Simulation::blind_stranger() {
    seen_.clear();
    network_.stop_replays();
}

void Simulation::throw_garbage(const Node& node, std::uint32_t amount) {
    for (std::uint32_t i = 0; i < amount; ++i) {
        Flight flight;
        flight.datagram.from = stranger(2);
        flight.datagram.to = node.address;
        auto& bytes = flight.datagram.bytes;
        constexpr std::array<std::size_t, 6> sizes{0, 32, 64, 92, 148, 1452};
        bytes.resize(sizes[dice_.below(sizes.size())]);
        entropy_.fill(MutableBytes(bytes));
        if (!bytes.empty() && dice_.permille(800))
            store_le(MutableBytes(bytes), static_cast<std::uint32_t>(dice_.between(1, 4)));
        network_.send(flight, clock_.now());
    }
}

}  // namespace wgns::sim
