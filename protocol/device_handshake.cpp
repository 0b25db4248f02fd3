// The device's part in handshakes, in the order in which a message meets it: admitted, consumed,
// answered; then what we send of our own.
#include <algorithm>
#include <utility>

#include "crypto/stack_remains.h"
#include "protocol/device.h"
#include "protocol/limits.h"

namespace wgns {

namespace {

// DSCP AF41, as the kernel marks handshakes (messages.h, HANDSHAKE_DSCP).
constexpr std::uint8_t handshake_tos = 0x88;

}  // namespace

// The cheapest check first: nobody gets more than one BLAKE2s out of us without our public key.
Verdict<Admission> Device::admit(Bytes message, const Endpoint& from, std::size_t backlog,
                                 Moment moment, Outbox& outbox) {
    if (const auto drop = refuse_all(message, from, moment.now)) return *drop;
    if (const auto reply = CookieReplyView::parse(message)) {
        auto consumed = consume_cookie(*reply, moment);
        return consumed ? Verdict<Admission>(Admission::taken) : consumed.error();
    }
    const MacState macs = checker_->check(message, from, moment.now);
    if (macs == MacState::invalid) return Drop::bad_mac1;
    if (backlog >= limits::under_load_backlog)
        under_load_until_ = moment.now + limits::under_load_linger;
    if (moment.now >= under_load_until_) return Admission::by_mac1;
    if (macs == MacState::mac1_only) return demand_cookie(message, from, moment.now, outbox);
    if (!handshake_limiter_.allow(from, moment.now)) return Drop::rate_limited;
    return Admission::by_cookie;
}

Verdict<Done> Device::consume(Bytes message, const Endpoint& from, Admission admission,
                              Moment moment, Outbox& outbox) {
    if (const auto drop = refuse_all(message, from, moment.now)) return *drop;
    if (admission == Admission::by_mac1 && moment.now < under_load_until_)
        return demand_cookie(message, from, moment.now, outbox);
    auto consumed = consume_admitted(message, from, moment, outbox);
    wipe_stack_below();
    return consumed;
}

Verdict<Done> Device::admit_and_consume(Bytes message, const Endpoint& from, std::size_t backlog,
                                        Moment moment, Outbox& outbox) {
    const auto admitted = admit(message, from, backlog, moment, outbox);
    if (!admitted) return admitted.error();
    if (*admitted == Admission::taken) return Done{};
    return consume(message, from, *admitted, moment, outbox);
}

std::optional<Drop> Device::refuse_all(Bytes message, const Endpoint& from, TimePoint now) {
    if (!identity_) return is_up_ ? Drop::no_private_key : Drop::link_down;
    if (is_up_) return std::nullopt;
    keep_early(message, from, now);
    return Drop::link_down;
}

Drop Device::demand_cookie(Bytes message, const Endpoint& from, TimePoint now, Outbox& outbox) {
    if (cookies_of_turn_ == limits::cookies_per_turn_max) return Drop::rate_limited;
    if (!cookie_limiter_.allow(from, now)) return Drop::rate_limited;
    ++cookies_of_turn_;
    const CookieReplyMessage reply = checker_->cookie_reply(message, from, now);
    const MutableBytes slot = outbox.datagram(from, reply.size(), handshake_tos);
    if (!slot.empty()) copy_bytes(slot, reply);
    return Drop::cookie_demanded;
}

WGNS_OWN_FRAME Verdict<Done> Device::consume_admitted(Bytes message, const Endpoint& from,
                                                      Moment moment, Outbox& outbox) {
    if (const auto view = InitiationView::parse(message))
        return consume_initiation(*view, from, moment, outbox);
    if (const auto view = ResponseView::parse(message))
        return consume_response(*view, from, moment, outbox);
    return Drop::not_wireguard;
}

// Not answered, and not looked into any more than any other.
void Device::keep_early(Bytes message, const Endpoint& from, TimePoint now) {
    if (!InitiationView::parse(message)) return;
    if (checker_->check(message, from, now) == MacState::invalid) return;
    if (early_.size() == limits::early_initiations_max) early_.pop_front();
    EarlyInitiation& early = early_.emplace_back();
    copy_bytes(early.message, message);
    early.from = from;
    early.at = now;
}

void Device::consume_early(Moment moment, Outbox& outbox) {
    for (const EarlyInitiation& each : std::exchange(early_, {}))
        if (moment.now - each.at <= limits::early_initiation_life)
            static_cast<void>(admit_and_consume(each.message, each.from, 0, moment, outbox));
}

Verdict<Done> Device::consume_initiation(const InitiationView& view, const Endpoint& from,
                                         Moment moment, Outbox& outbox) {
    auto opened = open_initiation(view, *identity_);
    if (!opened) return opened.error();
    Peer* const peer = peers_.find(opened->static_key);
    if (!peer) return Drop::unknown_peer;
    const auto abandoned = peer->handshake.pending_index();
    auto consumed = peer->handshake.consume_initiation(*opened, view, moment.now);
    if (!consumed) return consumed;
    if (abandoned) indices_.erase(*abandoned);
    authenticated(*peer, from, moment.now);
    peer->received_bytes += initiation_size;
    const auto index = indices_.insert({nullptr, peer}, entropy_);
    if (!index) return Drop::no_index;
    auto answer = peer->handshake.create_response(*opened, *index, entropy_);
    if (!answer) {
        indices_.erase(*index);
        return answer.error();
    }
    install(*peer, std::move(answer->keys), moment.now);
    send_handshake(*peer, answer->message, moment, outbox);
    reschedule(*peer);
    return Done{};
}

Verdict<Done> Device::consume_response(const ResponseView& view, const Endpoint& from,
                                       Moment moment, Outbox& outbox) {
    const IndexOwner* const owner = indices_.find(view.receiver());
    if (!owner) return Drop::unknown_index;
    Peer& peer = *owner->peer;
    auto keys = peer.handshake.consume_response(view, *identity_);
    if (!keys) return keys.error();
    peer.received_bytes += response_size;
    install(peer, *std::move(keys), moment.now);
    authenticated(peer, from, moment.now);
    peer.timers.handshake_over();
    peer.last_handshake = moment.wall;
    peer.rekeyed_before_expiry = false;
    // The responder may not send before it has heard something under the new key.
    send_keepalive(peer, moment, outbox);
    reschedule(peer);
    return Done{};
}

// Stored only: no resend, no roaming, and no sign of life of the peer (whitepaper 6.6).
Verdict<Done> Device::consume_cookie(const CookieReplyView& view, Moment moment) {
    const IndexOwner* const owner = indices_.find(view.receiver());
    if (!owner) return Drop::unknown_index;
    if (!owner->peer->stamper.consume(view, moment.now)) return Drop::unexpected_cookie;
    return Done{};
}

void Device::install(Peer& peer, SessionKeys keys, TimePoint now) {
    auto session = std::make_unique<Session>(std::move(keys), now);
    session->peer = &peer;
    IndexOwner* const owner = indices_.find(session->local_index);
    WG_ASSERT(owner && owner->peer == &peer);
    owner->session = session.get();
    retire(peer.keypairs.install(std::move(session)));
    peer.timers.session_derived(now);
}

void Device::send_initiation(Peer& peer, Moment moment, Outbox& outbox) {
    const bool is_too_soon = !peer.last_handshake_sent.is_never() &&
                             moment.now - peer.last_handshake_sent < limits::rekey_timeout;
    if (!is_up_ || !identity_ || !peer.endpoint.is_set()) return;
    if (is_too_soon) {
        // Goes as soon as it may, as if that one had been an initiation without an answer: or what
        // is staged would wait for the next packet.
        peer.timers.initiation_sent(peer.last_handshake_sent, jitter());
        return reschedule(peer);
    }
    abandon_handshake(peer);
    const auto index = indices_.insert({nullptr, &peer}, entropy_);
    if (!index) return;
    auto message =
        peer.handshake.create_initiation(*identity_, *index, next_stamp(moment.wall), entropy_);
    wipe_stack_below();
    if (!message) return indices_.erase(*index);
    peer.timers.initiation_sent(moment.now, jitter());
    send_handshake(peer, *message, moment, outbox);
    reschedule(peer);
}

void Device::send_handshake(Peer& peer, MutableBytes message, Moment moment, Outbox& outbox) {
    peer.last_handshake_sent = moment.now;
    peer.stamper.stamp(message, moment.now);
    const MutableBytes slot = outbox.datagram(peer.endpoint, message.size(), handshake_tos);
    if (slot.empty()) return;
    copy_bytes(slot, message);
    peer.sent_bytes += message.size();
    peer.timers.authentic_traversed(moment.now);
    peer.timers.authentic_sent();
}

Tai64n Device::next_stamp(WallTime wall) noexcept {
    last_stamp_ = std::max(Tai64n::at(wall), last_stamp_.next());
    return last_stamp_;
}

void Device::abandon_handshake(Peer& peer) noexcept {
    if (const auto index = peer.handshake.pending_index()) indices_.erase(*index);
    peer.handshake.clear();
}

void Device::wipe_keys(Peer& peer) noexcept {
    abandon_handshake(peer);
    retire(peer.keypairs.clear());
}

void Device::retire(Keypairs::Retired retired) noexcept {
    for (auto& session : retired) {
        if (!session) continue;
        indices_.erase(session->local_index);
        session->peer = nullptr;
        // A batch that is being sealed or opened may still name it.
        retired_.push_back(std::move(session));
    }
}

}  // namespace wgns
