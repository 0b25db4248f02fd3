#include "protocol/device.h"

#include <algorithm>

#include "crypto/aead.h"
#include "crypto/stack_remains.h"
#include "protocol/limits.h"

namespace wgns {

namespace {

constexpr RateLimiter::Rate handshake_rate{
    Duration(std::chrono::seconds(1)) / limits::limiter_handshakes_per_second,
    limits::limiter_burst};
constexpr RateLimiter::Rate cookie_rate{limits::cookie_interval_min, 1};

}  // namespace

Device::Device(Entropy& entropy)
    : entropy_(entropy),
      handshake_limiter_(entropy, handshake_rate, RateLimiter::Source::host),
      cookie_limiter_(entropy, cookie_rate, RateLimiter::Source::host_and_port),
      peers_(entropy) {}

Device::~Device() {
    while (!peers_.empty())
        remove_peer(*peers_.begin()->second);
}

// --- configuration ---

bool Device::apply(DeviceChange change, Moment moment, Outbox& outbox) {
    const bool has_room = apply_all(change, moment, outbox);
    wipe_stack_below();
    return has_room;
}

WGNS_OWN_FRAME bool Device::apply_all(DeviceChange& change, Moment moment, Outbox& outbox) {
    const bool has_other_key =
        change.private_key && set_private_key(std::move(*change.private_key));
    if (change.replace_peers)
        while (!peers_.empty())
            remove_peer(*peers_.begin()->second);
    bool has_room = true;
    for (PeerChange& peer : change.peers)
        has_room &= apply(peer, moment, outbox);
    if (has_other_key)
        for (const auto& [place, peer] : peers_)
            begin(*peer, moment, outbox);
    return has_room;
}

bool Device::set_private_key(PrivateKey key) {
    // wg(8) tells the key again with every `syncconf`, and sessions are to live on.
    if (identity_ && equal_constant_time(identity_->secret().bytes(), key.bytes())) return false;
    identity_.reset();
    checker_.reset();
    if (!key.is_zero()) {
        identity_.emplace(std::move(key));
        checker_.emplace(identity_->public_key(), entropy_);
        // A peer cannot be ourselves.
        if (Peer* const same = peers_.find(identity_->public_key())) remove_peer(*same);
    }
    for (const auto& [place, peer] : peers_) {
        wipe_keys(*peer);
        peer->timers.handshake_over();
        peer->last_handshake_sent = {};
        if (identity_) peer->handshake.set_identities(*identity_, peer->public_key);
    }
    return true;
}

bool Device::apply(PeerChange& change, Moment moment, Outbox& outbox) {
    Peer* peer = peers_.find(change.public_key);
    if (change.remove) {
        if (peer) remove_peer(*peer);
        return true;
    }
    const bool is_ourselves = identity_ && identity_->public_key() == change.public_key;
    if (!peer && (change.update_only || is_ourselves)) return true;
    if (!peer) peer = make_peer(change.public_key);
    if (!peer) return false;
    if (change.preshared_key) peer->handshake.set_preshared_key(std::move(*change.preshared_key));
    bool may_begin = false;
    if (change.endpoint) {
        may_begin = !peer->endpoint.is_set();
        peer->endpoint = *change.endpoint;
    }
    if (change.replace_allowed_ips) allowed_ips_.remove_all(peer);
    for (const PeerChange::AllowedIpChange& allowed : change.allowed_ips) {
        if (!allowed.remove)
            allowed_ips_.insert(allowed.prefix, peer);
        else if (!allowed_ips_.remove(allowed.prefix, peer))
            continue;  // not this peer's: nothing to take away
    }
    if (const auto seconds = change.persistent_keepalive_seconds) {
        may_begin |= peer->timers.persistent_keepalive_seconds() == 0;
        peer->timers.set_persistent_keepalive(*seconds, moment.now);
    }
    if (may_begin || !peer->staged.empty()) begin(*peer, moment, outbox);
    if (change.start_handshake) want_session(*peer, moment, outbox);
    reschedule(*peer);
    return true;
}

// What could not go before: a persistent keepalive, or what is staged.
void Device::begin(Peer& peer, Moment moment, Outbox& outbox) {
    if (peer.timers.persistent_keepalive_seconds() != 0)
        send_keepalive(peer, moment, outbox);
    else if (!peer.staged.empty())
        want_session(peer, moment, outbox);
    reschedule(peer);
}

void Device::forget_sources() noexcept {
    for (const auto& [place, peer] : peers_)
        peer->endpoint.forget_local();
}

void Device::link_down(DropCounters& drops) {
    is_up_ = false;
    early_.clear();
    for (const auto& [place, peer] : peers_) {
        wipe_keys(*peer);
        peer->timers.stop();
        peer->last_handshake_sent = {};
        drops.count(Drop::link_down, peer->staged.clear());
        reschedule(*peer);
    }
}

void Device::link_up(Moment moment, Outbox& outbox) {
    is_up_ = true;
    consume_early(moment, outbox);
    for (const auto& [place, peer] : peers_)
        begin(*peer, moment, outbox);
}

// Null: there is no room.
Peer* Device::make_peer(const PublicKey& key) {
    if (peers_.size() >= limits::peers_max) return nullptr;
    auto made = std::make_unique<Peer>(key, next_sequence_++);
    if (identity_) made->handshake.set_identities(*identity_, key);
    return &peers_.insert(std::move(made));
}

void Device::remove_peer(Peer& peer) {
    wipe_keys(peer);
    allowed_ips_.remove_all(&peer);
    deadlines_.remove(peer);
    std::erase(ready_, &peer);
    peers_.erase(peer);
}

DeviceSnapshot Device::snapshot() const {
    DeviceSnapshot snapshot;
    if (identity_) snapshot.private_key = identity_->secret().duplicate();
    std::vector<const Peer*> ordered;
    for (const auto& [place, peer] : peers_)
        ordered.push_back(peer.get());
    std::sort(ordered.begin(), ordered.end(),
              [](const Peer* a, const Peer* b) { return a->sequence < b->sequence; });
    for (const Peer* const peer : ordered) {
        PeerSnapshot& one = snapshot.peers.emplace_back();
        one.public_key = peer->public_key;
        one.preshared_key = peer->handshake.preshared_key().duplicate();
        one.endpoint = peer->endpoint;
        one.last_handshake = peer->last_handshake;
        one.unanswered_since = peer->timers.unanswered_since();
        one.received_bytes = peer->received_bytes;
        one.sent_bytes = peer->sent_bytes;
        one.staged_packets = peer->staged.size();
        one.persistent_keepalive_seconds = peer->timers.persistent_keepalive_seconds();
        allowed_ips_.for_each(peer,
                              [&](const IpPrefix& prefix) { one.allowed_ips.push_back(prefix); });
    }
    return snapshot;
}

// --- data ---

Session* Device::find_session(std::uint32_t receiver) noexcept {
    const IndexOwner* const owner = indices_.find(receiver);
    return owner ? owner->session : nullptr;
}

void Device::want_session(Peer& peer, Moment moment, Outbox& outbox) {
    peer.timers.restart_attempts();
    if (peer.timers.handshake_pending()) return;
    send_initiation(peer, moment, outbox);
}

void Device::data_sent(Peer& peer, Moment moment, Outbox& outbox) {
    peer.timers.authentic_traversed(moment.now);
    peer.timers.authentic_sent();
    // Randomness costs a system call, which a packet must not.
    if (!peer.timers.awaits_answer()) peer.timers.data_sent(moment.now, jitter());
    keep_key_fresh(peer, moment, outbox);
    reschedule(peer);
}

void Device::keep_key_fresh(Peer& peer, Moment moment, Outbox& outbox) {
    const Session* const session = peer.keypairs.current();
    if (!session || !session->wants_rekey_on_send(moment.now)) return;
    want_session(peer, moment, outbox);
}

void Device::data_received(Session& session, const Endpoint& from, bool has_data, Moment moment,
                           Outbox& outbox) {
    WG_ASSERT(session.peer != nullptr);
    Peer& peer = *session.peer;
    Keypairs::Retired retired;
    if (peer.keypairs.confirm(session, retired)) {
        // The initiator has shown that it holds the key: now we may send under it.
        retire(std::move(retired));
        peer.timers.handshake_over();
        peer.last_handshake = moment.wall;
        peer.rekeyed_before_expiry = false;
        mark_ready(peer);
    }
    authenticated(peer, from, moment.now);
    if (has_data) peer.timers.data_received(moment.now);
    if (&session == peer.keypairs.current() && !peer.rekeyed_before_expiry &&
        session.wants_rekey_on_receive(moment.now)) {
        peer.rekeyed_before_expiry = true;
        want_session(peer, moment, outbox);
    }
    reschedule(peer);
}

Peer* Device::next_ready() noexcept {
    if (ready_.empty()) return nullptr;
    Peer* const peer = ready_.back();
    ready_.pop_back();
    peer->is_ready = false;
    return peer;
}

void Device::mark_ready(Peer& peer) {
    if (peer.is_ready || peer.staged.empty()) return;
    peer.is_ready = true;
    ready_.push_back(&peer);
}

// What every authentic message tells, whatever it holds.
void Device::authenticated(Peer& peer, const Endpoint& from, TimePoint now) {
    peer.endpoint = from;
    peer.timers.authentic_traversed(now);
    peer.timers.authentic_received();
}

// An empty packet, or what is staged in its place.
void Device::send_keepalive(Peer& peer, Moment moment, Outbox& outbox) {
    Session* const session = peer.sending_session(moment.now);
    if (!session) return want_session(peer, moment, outbox);
    if (!peer.staged.empty()) return mark_ready(peer);
    if (!peer.endpoint.is_set()) return;
    const MutableBytes datagram = outbox.datagram(peer.endpoint, data_overhead, 0);
    if (datagram.empty()) return;
    const std::uint64_t counter = session->draw_counters(1);
    write_data_header(datagram, session->remote_index, counter);
    aead_seal(session->send_key, counter, {}, {}, datagram.subspan(data_header_size));
    peer.sent_bytes += datagram.size();
    peer.timers.authentic_traversed(moment.now);
    peer.timers.authentic_sent();
    keep_key_fresh(peer, moment, outbox);
}

// --- time ---

void Device::expire(Moment moment, Outbox& outbox, DropCounters& drops) {
    // What is left over when everything is on its way is still due in the next turn.
    while (outbox.free_count() > 0) {
        Peer* const peer = deadlines_.pop_expired(moment.now);
        if (!peer) return;
        const DueActions due = peer->timers.expire(moment.now);
        if (due.forget_source) peer->endpoint.forget_local();
        if (due.give_up) drops.count(Drop::staged_expired, peer->staged.clear());
        if (due.wipe_keys) wipe_keys(*peer);
        if (due.retry_handshake) send_initiation(*peer, moment, outbox);
        if (due.start_handshake) want_session(*peer, moment, outbox);
        if (due.send_keepalive) send_keepalive(*peer, moment, outbox);
        if (due.another_keepalive) peer->timers.data_received(moment.now);
        reschedule(*peer);
    }
}

void Device::end_turn() noexcept {
    cookies_of_turn_ = 0;
    std::erase_if(retired_, [](const auto& session) { return session->pins == 0; });
}

void Device::reschedule(Peer& peer) {
    deadlines_.push_or_move(peer, peer.timers.next_deadline());
}

Duration Device::jitter() noexcept {
    const auto range = static_cast<std::uint64_t>(limits::rekey_timeout_jitter_max.count());
    return Duration(static_cast<std::int64_t>((entropy_.next_u32() * range) >> 32));
}

}  // namespace wgns
