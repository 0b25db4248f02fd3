// The functions of this file stand in the order in which a datagram meets them:
//   1. trains are cut into datagrams   2. classified   3. data: opened, as one batch
//   4. replay and source checked, written to the TUN   5. handshake messages, a bounded number a
//   turn
#include "dataplane/ingress.h"

#include <algorithm>

#include "protocol/inner_packet.h"

namespace wgns {

Ingress::Ingress(Device& device, Aead& aead) : device_(device), aead_(aead) {
    jobs_.reserve(jobs_max);
    openings_.reserve(jobs_max);
    backlog_.reserve(limits::handshake_backlog_max);
}

void Ingress::run(Turn& turn, Moment moment) {
    for (const ReceivedTrain& train : turn.from_udp) {
        MutableBytes rest = train.bytes;
        do {
            const std::size_t size = std::min<std::size_t>(train.segment_size, rest.size());
            classify(turn, train, rest.first(size), moment);
            rest = rest.subspan(size);
        } while (!rest.empty());
    }
    open(turn, moment);
    run_handshakes(turn, moment);
}

void Ingress::classify(Turn& turn, const ReceivedTrain& train, MutableBytes datagram,
                       Moment moment) {
    const auto type = classify_message(datagram);
    if (!type) return turn.drops.count(Drop::not_wireguard);
    if (*type == MessageType::data) return open_later(turn, train, datagram, moment);
    enqueue(turn, train, datagram);
}

void Ingress::open_later(Turn& turn, const ReceivedTrain& train, MutableBytes datagram,
                         Moment moment) {
    const auto view = DataView::parse(datagram);
    WG_ASSERT(view.has_value());
    const auto ref = device_.find_session(view->receiver());
    if (!ref) return turn.drops.count(Drop::unknown_index);
    if (!ref->session->may_receive(moment.now)) return turn.drops.count(Drop::expired_session);
    const MutableBytes sealed = datagram.subspan(data_header_size);
    jobs_.push_back({.key = &ref->session->receive_key,
                     .counter = view->counter(),
                     .input = sealed.data(),
                     .output = sealed.data(),
                     .text_size = static_cast<std::uint32_t>(sealed.size() - aead_tag_size)});
    openings_.push_back({*ref, &train.from, static_cast<std::uint32_t>(datagram.size())});
    if (jobs_.size() == jobs_max) open(turn, moment);
}

void Ingress::open(Turn& turn, Moment moment) {
    aead_.open(jobs_);
    for (std::size_t i = 0; i < jobs_.size(); ++i)
        deliver(turn, openings_[i], jobs_[i], moment);
    jobs_.clear();
    openings_.clear();
}

void Ingress::deliver(Turn& turn, const Opening& opening, const AeadJob& job, Moment moment) {
    if (!job.authentic) return turn.drops.count(Drop::bad_tag);
    if (!opening.ref.session->window.accept(job.counter))
        return turn.drops.count(Drop::replayed_packet);
    Peer& peer = *opening.ref.peer;
    peer.received_bytes += opening.datagram_size;
    const bool is_keepalive = job.text_size == 0;
    device_.data_received(opening.ref, *opening.from, !is_keepalive, moment, turn.to_udp);
    if (is_keepalive) return;
    const MutableBytes text{job.output, job.text_size};
    const auto inner = InnerPacket::parse(text);
    if (!inner) return turn.drops.count(Drop::not_ip);
    if (device_.route(inner->source()) != &peer) return turn.drops.count(Drop::bad_source);
    const iovec packet{.iov_base = text.data(), .iov_len = inner->length()};
    turn.write_tun({}, {&packet, 1});
}

void Ingress::enqueue(Turn& turn, const ReceivedTrain& train, Bytes message) {
    if (backlog_.size() == limits::handshake_backlog_max)
        return turn.drops.count(Drop::handshake_backlog_full);
    Waiting& waiting = backlog_.emplace_back();
    copy_bytes(waiting.bytes, message);
    waiting.size = static_cast<std::uint32_t>(message.size());
    waiting.from = train.from;
}

void Ingress::run_handshakes(Turn& turn, Moment moment) {
    std::size_t left = limits::handshakes_per_turn_max;
    while (has_backlog() && left-- > 0) {
        const std::size_t backlog = backlog_.size() - backlog_first_;
        const Waiting& waiting = backlog_[backlog_first_++];
        const Bytes message = Bytes(waiting.bytes).first(waiting.size);
        const auto consumed = device_.consume(message, waiting.from, backlog, moment, turn.to_udp);
        if (!consumed) turn.drops.count(consumed.error());
    }
    if (has_backlog()) return;
    backlog_.clear();
    backlog_first_ = 0;
}

}  // namespace wgns
