// The functions of this file stand in the order in which a packet meets them:
//   1. staged packets whose session has come   2. superpacket and route   3. staged, or counters
//   drawn   --- here the device is given back ---   4. segments, each in its slot of a train, with
//   header and padding   5. sealed, as one batch
#include "dataplane/egress.h"

#include <algorithm>
#include <utility>

#include "dataplane/ecn.h"
#include "protocol/inner_packet.h"
#include "protocol/messages.h"

namespace wgns {

namespace {

// What one inner packet becomes on the wire.
std::size_t datagram_size(std::size_t packet_size, std::size_t mtu) noexcept {
    return data_overhead + padded_size(packet_size, mtu);
}

std::size_t wire_size(const Superpacket& packet, std::size_t mtu) noexcept {
    const std::size_t last = packet.segment_count() - 1;
    return last * datagram_size(packet.segment_size(0), mtu) +
           datagram_size(packet.segment_size(last), mtu);
}

}  // namespace

Egress::Egress(Aead& aead) : aead_(aead) {
    parcels_.reserve(Turn::frames_max);
    jobs_.reserve(jobs_max);
}

void Egress::route(Turn& turn, Device& device, Moment moment) {
    mtu_ = device.mtu();
    route_staged(turn, device, moment);
    for (const TunFrame& frame : turn.from_tun)
        route(turn, device, frame.bytes, moment);
}

void Egress::route_staged(Turn& turn, Device& device, Moment moment) {
    while (Peer* const peer = device.next_ready()) {
        // Whatever they hold: a counter must never reach its limit.
        constexpr std::size_t most = Superpacket::segments_max;
        while (!peer->staged.empty() && peer->sending_session(moment.now, most)) {
            unstaged_.push_back(peer->staged.pop());
            const auto packet = Superpacket::parse(unstaged_.back());
            WG_ASSERT(packet.has_value());  // or it would not have been staged
            accept(turn, device, *peer, *packet, moment);
        }
    }
}

void Egress::route(Turn& turn, Device& device, MutableBytes frame, Moment moment) {
    const auto packet = Superpacket::parse(frame);
    if (!packet) return turn.drops.count(packet.error());
    Peer* const peer = device.route(packet->inner().destination());
    if (!peer || !peer->endpoint.is_set()) {
        turn.drops.count(peer ? Drop::no_endpoint : Drop::no_peer);
        return unreachable_.answer(turn, packet->inner(), moment.now);
    }
    // Behind others that wait, a packet waits too: order is kept.
    if (!peer->staged.empty() || !peer->sending_session(moment.now, packet->segment_count())) {
        turn.drops.count(Drop::staged_overflow, peer->staged.push(frame));
        return device.want_session(*peer, moment, turn.to_udp);
    }
    accept(turn, device, *peer, *packet, moment);
}

void Egress::accept(Turn& turn, Device& device, Peer& peer, const Superpacket& packet,
                    Moment moment) {
    Session& session = *peer.keypairs.current();
    turn.pins.add(session);
    parcels_.push_back({.packet = packet,
                        .to = peer.endpoint,
                        .key = &session.send_key,
                        .counter = session.draw_counters(packet.segment_count()),
                        .remote_index = session.remote_index});
    peer.sent_bytes += wire_size(packet, mtu_);
    device.data_sent(peer, moment, turn.to_udp);
}

void Egress::seal(Turn& turn) {
    for (const Parcel& parcel : parcels_) {
        pack(turn, parcel);
        // Train by train, while it is in the cache.
        if (jobs_.size() >= jobs_enough) run_jobs();
    }
    run_jobs();
    parcels_.clear();
    unstaged_.clear();
}

void Egress::pack(Turn& turn, const Parcel& parcel) {
    const std::size_t count = parcel.packet.segment_count();
    const std::uint8_t tos = outer_tos(parcel.packet.inner().traffic_class());
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t size = parcel.packet.segment_size(i);
        const std::size_t padded = padded_size(size, mtu_);
        const MutableBytes slot = turn.to_udp.datagram(parcel.to, data_overhead + padded, tos);
        if (slot.empty()) return turn.drops.count(Drop::no_buffer, count - i);
        write_data_header(slot, parcel.remote_index, parcel.counter + i);
        const MutableBytes text = slot.subspan(data_header_size, padded);
        parcel.packet.write_segment(i, text.first(size));
        std::fill(text.begin() + static_cast<std::ptrdiff_t>(size), text.end(), std::uint8_t{0});
        jobs_.push_back({.key = parcel.key,
                         .counter = parcel.counter + i,
                         .input = text.data(),
                         .output = text.data(),
                         .text_size = static_cast<std::uint32_t>(padded)});
        if (jobs_.size() == jobs_max) run_jobs();
    }
}

void Egress::run_jobs() {
    aead_.seal(jobs_);
    jobs_.clear();
}

}  // namespace wgns
