// The functions of this file stand in the order in which a datagram meets them:
//   1. trains are cut into datagrams   2. classified   3. data: sessions looked up, with the device
//   4. opened, as one batch   5. replay and source checked, with the device   6. coalesced and
//   written   7. handshake messages: let in or not   8. those that were, a bounded number a turn
#include "dataplane/ingress.h"

#include <algorithm>

#include "dataplane/ecn.h"

namespace wgns {

Ingress::Ingress(SharedDevice& device, Aead& aead, Offloads offloads)
    : device_(device), aead_(aead), coalescer_(offloads), backlog_(limits::handshake_backlog_max) {
    openings_.reserve(batch_max);
    jobs_.reserve(batch_max);
    arrived_.reserve(Turn::writes_max);
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
    run_batch(turn, moment);
    coalescer_.flush(turn);
    admit(turn, moment);
    run_handshakes(turn, moment);
}

void Ingress::classify(Turn& turn, const ReceivedTrain& train, MutableBytes datagram,
                       Moment moment) {
    const auto type = classify_message(datagram);
    if (!type) return turn.drops.count(Drop::not_wireguard);
    if (*type != MessageType::data) return arrived_.push_back({&train, datagram});
    const auto view = DataView::parse(datagram);
    WG_ASSERT(view.has_value());
    const MutableBytes sealed = datagram.subspan(data_header_size);
    openings_.push_back({.train = &train,
                         .receiver = view->receiver(),
                         .datagram_size = static_cast<std::uint32_t>(datagram.size()),
                         .session = nullptr,
                         .inner = std::nullopt});
    jobs_.push_back({.counter = view->counter(),
                     .input = sealed.data(),
                     .output = sealed.data(),
                     .text_size = static_cast<std::uint32_t>(sealed.size() - aead_tag_size)});
    if (jobs_.size() == batch_max) run_batch(turn, moment);
}

void Ingress::run_batch(Turn& turn, Moment moment) {
    if (jobs_.empty()) return;
    look_up(turn, moment);
    open();
    judge(turn, moment);
    write(turn);
    openings_.clear();
    jobs_.clear();
}

// What has no session leaves the batch.
void Ingress::look_up(Turn& turn, Moment moment) {
    const auto device = device_.hold();
    std::size_t kept = 0;
    Session* session = nullptr;
    std::optional<std::uint32_t> receiver;  // that `session` belongs to
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
        if (receiver != openings_[i].receiver) {
            receiver = openings_[i].receiver;
            session = device->find_session(*receiver);
        }
        if (!session) {
            turn.drops.count(Drop::unknown_index);
        } else if (!session->may_receive(moment.now)) {
            turn.drops.count(Drop::expired_session);
        } else {
            turn.pins.add(*session);
            openings_[i].session = session;
            jobs_[i].key = &session->receive_key;
            std::swap(openings_[kept], openings_[i]);
            std::swap(jobs_[kept], jobs_[i]);
            ++kept;
        }
    }
    openings_.resize(kept);
    jobs_.resize(kept);
}

void Ingress::open() {
    aead_.open(jobs_);
    for (std::size_t i = 0; i < jobs_.size(); ++i)
        if (jobs_[i].authentic)
            openings_[i].inner = InnerPacket::parse({jobs_[i].output, jobs_[i].text_size});
}

void Ingress::judge(Turn& turn, Moment moment) {
    const auto device = device_.hold();
    Heard heard;
    const auto tell = [&] {
        if (!heard.session) return;
        heard.session->peer->received_bytes += heard.bytes;
        device->data_received(*heard.session, heard.train->from, heard.has_data, moment,
                              turn.to_udp);
        heard = {};
    };
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
        Opening& opening = openings_[i];
        if (heard.session != opening.session || heard.train != opening.train) tell();
        if (const auto drop = check_replay(opening, jobs_[i])) {
            turn.drops.count(*drop);
            opening.inner.reset();
            continue;
        }
        heard.session = opening.session;
        heard.train = opening.train;
        heard.bytes += opening.datagram_size;
        heard.has_data |= jobs_[i].text_size != 0;
        if (const auto drop = check_source(*device, opening, jobs_[i])) {
            turn.drops.count(*drop);
            opening.inner.reset();
        }
    }
    tell();
}

std::optional<Drop> Ingress::check_replay(const Opening& opening, const AeadJob& job) {
    if (!job.authentic) return Drop::bad_tag;
    if (!opening.session->peer) return Drop::expired_session;
    if (!opening.session->window.accept(job.counter)) return Drop::replayed_packet;
    return std::nullopt;
}

// Cryptokey routing: who sends must be who would be sent to (whitepaper 2).
std::optional<Drop> Ingress::check_source(const Device& device, const Opening& opening,
                                          const AeadJob& job) {
    if (job.text_size == 0) return std::nullopt;
    if (!opening.inner) return Drop::not_ip;
    if (device.route(opening.inner->source()) != opening.session->peer) return Drop::bad_source;
    return std::nullopt;
}

void Ingress::write(Turn& turn) {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
        const auto& inner = openings_[i].inner;
        if (!inner) continue;
        const MutableBytes packet{jobs_[i].output, inner->length()};
        const std::uint8_t tos = openings_[i].train->tos;
        if (is_marked(tos)) mark_congestion(packet, tos);
        if (turn.has_room())
            coalescer_.add(turn, *inner, packet);
        else
            turn.drops.count(Drop::no_buffer);
    }
}

void Ingress::admit(Turn& turn, Moment moment) {
    for (std::span<const Arrived> rest = arrived_; !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), admissions_max));
        rest = rest.subspan(some.size());
        const auto device = device_.hold();
        for (const Arrived& each : some) {
            const auto admitted = device->admit(each.message, each.train->from, backlog_count_ + 1,
                                                moment, turn.to_udp);
            if (!admitted)
                turn.drops.count(admitted.error());
            else if (*admitted != Admission::taken)
                enqueue(turn, each, *admitted);
        }
    }
    arrived_.clear();
}

void Ingress::enqueue(Turn& turn, const Arrived& arrived, Admission admission) {
    if (backlog_count_ == backlog_.size()) return turn.drops.count(Drop::handshake_backlog_full);
    Waiting& waiting = backlog_[(backlog_first_ + backlog_count_++) % backlog_.size()];
    copy_bytes(waiting.bytes, arrived.message);
    waiting.size = static_cast<std::uint8_t>(arrived.message.size());
    waiting.admission = admission;
    waiting.from = arrived.train->from;
}

// Each with the device by itself: a handshake takes as long as a train, and data of other workers
// goes first.
void Ingress::run_handshakes(Turn& turn, Moment moment) {
    std::size_t left = limits::handshakes_per_turn_max;
    while (backlog_count_ != 0 && left-- > 0) {
        const Waiting& waiting = backlog_[backlog_first_];
        const Bytes message = Bytes(waiting.bytes).first(waiting.size);
        const auto consumed =
            device_.hold()->consume(message, waiting.from, waiting.admission, moment, turn.to_udp);
        if (!consumed) turn.drops.count(consumed.error());
        backlog_first_ = (backlog_first_ + 1) % backlog_.size();
        --backlog_count_;
    }
}

}  // namespace wgns
