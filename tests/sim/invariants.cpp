#include "invariants.h"

#include <algorithm>

namespace wgns::sim {

namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// Told again here, so that a wrong one in the product is seen.
constexpr Duration rekey_on_receive = 165s;
constexpr Duration initiation_interval = 5s;
constexpr Duration keepalive_delay = 10s;
constexpr std::size_t staged_max = 128;
constexpr std::size_t load_min = 128;
constexpr Duration load_memory = 1100ms;
// The longest chain of reasons: the last keepalive for data received 20 s ago starts a handshake,
// which is tried 20 times in all, 5.333 s apart.
constexpr Duration reason_memory = 125s;

}  // namespace

void Invariants::fail(const char* invariant, const Node& node, const std::string& what) {
    failures_.add(invariant, "host " + std::to_string(node.number) + ": " + what, clock_.now());
}

// --- what happens to the hosts ---

void Invariants::started(const Node& node) {
    views_[node.number] = std::make_unique<NodeView>(failures_);
    for (const std::uint8_t peer : node.peers)
        stimulus(node, peer);
}

void Invariants::identity_known(const Node& node) {
    const PublicKey& key = node.identity->public_key();
    identities_.insert_or_assign(
        key, Identity{node.number, node.identity, std::make_unique<MacChecker>(key, entropy_)});
}

void Invariants::identity_changed(const Node& node, std::uint8_t peer) {
    PeerView& changed = view(node).peers[peer];
    changed.last_handshake_sent = {};
    stimulus(node, peer);
}

void Invariants::endpoint_set(const Node& node, std::uint8_t peer, const Endpoint& endpoint) {
    view(node).peers[peer].endpoints.insert({endpoint.address, endpoint.port});
    stimulus(node, peer);
}

void Invariants::keepalive_set(const Node& node, std::uint8_t peer, std::uint16_t seconds) {
    PeerView& changed = view(node).peers[peer];
    changed.persistent_seconds = seconds;
    // The first one leaves at once.
    changed.has_turned_on = seconds != 0;
    stimulus(node, peer);
}

void Invariants::resumed(const Node& node) {
    // Its timers fire late.
    for (const std::uint8_t peer : node.peers) {
        PeerView& view_of_peer = view(node).peers[peer];
        view_of_peer.last_stimulus =
            view_of_peer.last_stimulus + (clock_.now() - node.suspended_at);
    }
}

void Invariants::link_down(const Node& node) {
    // Nothing is owed any more, and the first initiation afterwards need not wait.
    view(node).early.clear();
    for (PeerView& peer : view(node).peers) {
        peer.keepalive_at = peer.last_handshake_sent = {};
        peer.another_keepalive = false;
    }
}

void Invariants::stimulus(const Node& node, std::uint8_t peer) {
    view(node).peers[peer].last_stimulus = clock_.now();
}

// --- what it receives ---

void Invariants::before_receiving(const Node& node, const Flight& flight) {
    NodeView& mine = view(node);
    const auto type = classify_message(flight.datagram.bytes);
    if (!type) return;
    if (*type == MessageType::data) {
        SessionRecord* const record = mine.sessions.receive(flight, clock_.now());
        if (record) accept(node, flight, *record);
        return;
    }
    auto& received = mine.handshakes_received;
    if (!received.empty() && received.back() != clock_.now()) mine.unanswered.clear();
    received.push_back(clock_.now());
    while (clock_.now() - received.front() > load_memory)
        received.pop_front();
    if (*type == MessageType::initiation && node.is_up)
        mine.unanswered[sender_of(flight.datagram.bytes)] = flight.datagram.from;
    if (*type == MessageType::initiation && !node.is_up)
        mine.early[sender_of(flight.datagram.bytes)] = {flight.datagram.from, clock_.now()};
    const bool is_genuine = flight.message && flight.is_intact && !flight.is_replay &&
                            *type != MessageType::cookie_reply;
    if (!is_genuine) return;
    mine.handshakes.push_back(flight);
    const Endpoint& from = flight.datagram.from;
    mine.peers[flight.message->from].endpoints.insert({from.address, from.port});
}

void Invariants::accept(const Node& node, const Flight& flight, const SessionRecord& record) {
    PeerView& peer = view(node).peers[record.peer];
    const Endpoint& from = flight.datagram.from;
    peer.endpoints.insert({from.address, from.port});
    peer.last_traversal = clock_.now();
    used_up_.push_back(flight);
    const auto& inner = flight.message->inner;
    if (!inner.empty() || (record.is_initiator && clock_.now() - record.since > rekey_on_receive))
        stimulus(node, record.peer);
    if (inner.empty()) return;
    peer.has_accepted_data = true;
    if (peer.keepalive_at.is_never())
        peer.keepalive_at = clock_.now() + keepalive_delay;
    else
        peer.another_keepalive = true;
    const Ledger::Entry* const entry = ledger_.find(inner);
    if (entry && entry->claims == record.peer) view(node).expected_writes.push_back(inner);
}

// --- what came of it ---

std::vector<Flight> Invariants::after_turn(const Node& node) {
    judge_sessions(node);
    judge_writes(node);
    judge_staged(node);
    judge_link(node);
    std::vector<Flight> sent;
    for (Datagram& datagram : node.host->ports.sent)
        sent.push_back(judge_sent(node, std::move(datagram)));
    node.host->ports.sent.clear();
    end_turn(node);
    return sent;
}

void Invariants::judge_sessions(const Node& node) {
    NodeView& mine = view(node);
    for (const SessionRecord* const record : mine.sessions.refresh(node, keys_, clock_.now())) {
        mine.peers[record->peer].has_new_session |= record->is_initiator;
        stimulus(node, record->peer);
        // With several it is not known which of them it was.
        if (mine.handshakes.size() == 1) used_up_.push_back(mine.handshakes[0]);
    }
    mine.handshakes.clear();
}

void Invariants::judge_writes(const Node& node) {
    NodeView& mine = view(node);
    auto& written = node.host->ports.written;
    // It hears that a packet of its own went nowhere.
    std::erase_if(written, [&](const std::vector<std::uint8_t>& packet) {
        const Ledger::Entry* const refused = ledger_.find_refused(packet);
        return refused && refused->from == node.number;
    });
    for (const auto& packet : written) {
        Ledger::Entry* const entry = ledger_.find(packet);
        if (!entry || entry->to != node.number)
            fail("integrity", node, "a packet arrived that nobody has sent to it");
        else if (entry->has_arrived)
            fail("integrity", node, "a packet arrived twice");
        else if (entry->claims != entry->from)
            fail("integrity", node, "a packet arrived with another peer's address");
        else
            ledger_.arrive(*entry);
    }
    if (written != mine.expected_writes)
        fail("replay_window", node,
             std::to_string(written.size()) + " packets were written to the TUN where " +
                 std::to_string(mine.expected_writes.size()) + " were to be accepted");
    written.clear();
    mine.expected_writes.clear();
}

void Invariants::judge_staged(const Node& node) {
    for (const std::uint8_t number : node.peers) {
        const Peer* const peer = node.peer(number);
        if (peer && peer->staged.size() > staged_max)
            fail("bounded", node, std::to_string(peer->staged.size()) + " packets are staged");
    }
}

void Invariants::judge_link(const Node& node) {
    if (node.is_up) return;
    if (!node.host->ports.sent.empty() || !node.host->ports.written.empty())
        fail("link_down", node, "it sends or delivers though its link is down");
    for (const std::uint8_t number : node.peers) {
        const Peer* const peer = node.peer(number);
        if (!peer) continue;
        const Keypairs& keys = peer->keypairs;
        if (keys.previous() || keys.current() || keys.next() || peer->handshake.pending_index())
            fail("link_down", node, "it has keys though its link is down");
        if (!peer->staged.empty()) fail("link_down", node, "packets are staged for later");
    }
}

void Invariants::end_turn(const Node& node) {
    for (PeerView& peer : view(node).peers) {
        // Without a session the keepalive that is due becomes a handshake; one more is owed still.
        const bool is_due = !peer.keepalive_at.is_never() && peer.keepalive_at <= clock_.now();
        if (peer.has_sent && is_due && std::exchange(peer.another_keepalive, false)) {
            peer.keepalive_at = clock_.now() + keepalive_delay;
            peer.owes_another = true;
        }
        // In which order things happened within the turn is not known: then it may be sent.
        if (peer.has_sent && !peer.owes_another)
            peer.keepalive_at =
                peer.has_accepted_data ? clock_.now() + keepalive_delay : TimePoint{};
        peer.has_new_session = peer.has_turned_on = false;
        peer.has_accepted_data = peer.has_sent = peer.owes_another = false;
    }
}

Flight Invariants::judge_sent(const Node& node, Datagram datagram) {
    auto message = std::make_shared<Message>();
    message->from = node.number;
    const auto type = classify_message(datagram.bytes);
    if (!type) {
        fail("integrity", node, "what it sends is no WireGuard message");
    } else {
        message->type = *type;
        switch (*type) {
            case MessageType::data:
                judge_data(node, datagram, *message);
                break;
            case MessageType::initiation:
                judge_initiation(node, datagram, *message);
                break;
            case MessageType::response:
                judge_response(node, datagram, *message);
                break;
            case MessageType::cookie_reply:
                judge_cookie(node);
                break;
        }
    }
    return {std::move(datagram), std::move(message)};
}

// --- data ---

void Invariants::judge_data(const Node& node, const Datagram& datagram, Message& message) {
    const auto data = DataView::parse(datagram.bytes);
    SessionRecord* const record = view(node).sessions.find_sending(data->receiver());
    if (!record) return fail("integrity", node, "it sends under a session that nobody knows");
    judge_counter(node, *data, *record);
    message.to = record->peer;
    const Bytes sealed = data->sealed();
    message.inner.resize(sealed.size() - aead_tag_size);
    if (!aead_open(record->send_key, data->counter(), {}, sealed, message.inner))
        return fail("integrity", node, "its own key does not open what it sends");
    PeerView& peer = view(node).peers[record->peer];
    if (message.inner.empty())
        judge_keepalive(node, peer);
    else
        judge_content(node, *record, message);
    judge_destination(node, datagram, record->peer);
    judge_silence(node, record->peer);
    peer.has_sent |= !message.inner.empty();
    peer.last_traversal = clock_.now();
}

void Invariants::judge_counter(const Node& node, const DataView& data, SessionRecord& record) {
    if (record.last_counter_sent && data.counter() <= *record.last_counter_sent)
        fail("counter_reuse", node,
             "counter " + std::to_string(data.counter()) + " comes after " +
                 std::to_string(*record.last_counter_sent));
    record.last_counter_sent = data.counter();
    if (clock_.now() - record.since >= key_life)
        fail("key_life", node, "it sends under a key of 180 s");
    if (!record.is_initiator && !record.is_confirmed)
        fail("confirmation", node, "a responder sends before the session is confirmed");
}

void Invariants::judge_content(const Node& node, const SessionRecord& record, Message& message) {
    auto& inner = message.inner;
    const auto packet = InnerPacket::parse(inner);
    Ledger::Entry* const entry = packet ? ledger_.find(packet->bytes()) : nullptr;
    if (!entry || entry->from != node.number || entry->to != record.peer)
        return fail("integrity", node, "it sends a packet that no program has given it");
    if (entry->has_left) fail("integrity", node, "it sends a packet twice");
    entry->has_left = true;
    // The receiver's key is older than the initiator's by the way of the response.
    const SessionRecord* const other =
        views_[record.peer]->sessions.find_receiving(record.remote_index);
    if (other && clock_.now() - other->since >= key_life - 200ms) entry->is_excused = true;
    const auto padding = inner.begin() + static_cast<std::ptrdiff_t>(packet->length());
    const bool is_padded = inner.size() - packet->length() < 16 &&
                           std::all_of(padding, inner.end(), [](auto byte) { return byte == 0; });
    if (!is_padded) fail("integrity", node, "its padding is not up to 15 zeros");
    inner.erase(padding, inner.end());
}

void Invariants::judge_keepalive(const Node& node, PeerView& peer) {
    const TimePoint now = clock_.now();
    if (std::exchange(peer.has_new_session, false)) return;  // confirms it, once
    const Duration persistent = std::chrono::seconds(peer.persistent_seconds);
    if (persistent != Duration{} && now - peer.last_traversal >= persistent) return;
    if (std::exchange(peer.has_turned_on, false)) return;
    if (peer.keepalive_at.is_never() || now < peer.keepalive_at)
        return fail("silence", node, "a keepalive answers nothing");
    peer.owes_another = std::exchange(peer.another_keepalive, false);
    peer.keepalive_at = peer.owes_another ? now + keepalive_delay : TimePoint{};
}

// --- handshakes ---

Invariants::Identity* Invariants::addressee(Bytes message) {
    for (auto& [key, identity] : identities_)
        if (identity.checker->check(message, {}, clock_.now()) != MacState::invalid)
            return &identity;
    return nullptr;
}

void Invariants::judge_initiation(const Node& node, const Datagram& datagram, Message& message) {
    const Identity* const to = addressee(datagram.bytes);
    if (!to) return fail("integrity", node, "nobody knows whom its initiation is for");
    message.to = to->number;
    PeerView& peer = view(node).peers[to->number];
    const TimePoint now = clock_.now();
    const bool is_first = peer.last_handshake_sent.is_never();
    if (!is_first && now - peer.last_handshake_sent < initiation_interval)
        fail("one_initiation", node, "it initiates again within 5 s");
    peer.last_handshake_sent = now;
    judge_stamp(node, *to, datagram.bytes);
    judge_destination(node, datagram, to->number);
    judge_silence(node, to->number);
    peer.has_sent = true;
}

void Invariants::judge_stamp(const Node& node, const Identity& to, Bytes bytes) {
    const auto initiation = InitiationView::parse(bytes);
    auto opened = open_initiation(*initiation, *to.keys);
    if (!opened) return fail("integrity", node, "its initiation cannot be opened");
    Tai64n stamp;
    // ss, then the stamp.
    const bool is_sound = opened->noise.mix_dh(to.keys->secret(), opened->static_key) &&
                          opened->noise.open(initiation->sealed_timestamp(), stamp.bytes);
    if (!is_sound) return fail("integrity", node, "the stamp of its initiation cannot be opened");
    Tai64n& last = view(node).last_stamp;
    if (stamp <= last) fail("stamps", node, "the stamp of its initiation is not after the last");
    last = stamp;
}

void Invariants::judge_response(const Node& node, const Datagram& datagram, Message& message) {
    NodeView& mine = view(node);
    const Identity* const to = addressee(datagram.bytes);
    if (!to) return fail("integrity", node, "nobody knows whom its response is for");
    message.to = to->number;
    const auto response = ResponseView::parse(datagram.bytes);
    if (!was_asked(mine, response->receiver(), datagram.to))
        return fail("silence", node, "a response answers no initiation");
    mine.peers[to->number].last_handshake_sent = clock_.now();
    mine.peers[to->number].has_sent = true;
    judge_destination(node, datagram, to->number);
}

// Once: the initiation is answered then.
bool Invariants::was_asked(NodeView& mine, std::uint32_t receiver, const Endpoint& to) {
    const auto asked = mine.unanswered.find(receiver);
    if (asked != mine.unanswered.end() && asked->second.same_remote(to)) {
        mine.unanswered.erase(asked);
        return true;
    }
    const auto early = mine.early.find(receiver);
    const bool is_early = early != mine.early.end() && early->second.from.same_remote(to) &&
                          clock_.now() - early->second.at <= limits::early_initiation_life;
    if (is_early) mine.early.erase(early);
    return is_early;
}

void Invariants::judge_cookie(const Node& node) {
    if (view(node).handshakes_received.size() < load_min)
        fail("stranger", node, "it asks for a cookie without load");
}

// --- whatever it sends ---

void Invariants::judge_destination(const Node& node, const Datagram& datagram, std::uint8_t peer) {
    const auto& known = view(node).peers[peer].endpoints;
    if (!known.contains({datagram.to.address, datagram.to.port}))
        fail("stranger", node,
             "it sends to " + datagram.to.to_string() + ", where nothing authentic came from");
}

void Invariants::judge_silence(const Node& node, std::uint8_t peer) {
    const PeerView& seen = view(node).peers[peer];
    if (seen.persistent_seconds == 0 && clock_.now() - seen.last_stimulus > reason_memory)
        fail("silence", node, "it sends though nothing has happened for 125 s");
}

}  // namespace wgns::sim
