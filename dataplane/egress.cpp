// The functions of this file stand in the order in which a packet meets them:
//   1. staged packets whose session has come   2. inner packet and route   3. stage, or
//   4. a slot in a train, header, padding       5. sealing, as one batch
#include "dataplane/egress.h"

#include <algorithm>

#include "protocol/inner_packet.h"
#include "protocol/messages.h"

namespace wgns {

Egress::Egress(Device& device, Aead& aead) : device_(device), aead_(aead) {
    jobs_.reserve(jobs_max);
}

void Egress::run(Turn& turn, Moment moment) {
    send_staged(turn, moment);
    for (const TunFrame& frame : turn.from_tun) {
        if (frame.bytes.size() < VirtioHeader::size)
            turn.drops.count(Drop::bad_virtio_header);
        else
            send(turn, frame.bytes.subspan(VirtioHeader::size), moment);
    }
    seal();
}

void Egress::send_staged(Turn& turn, Moment moment) {
    while (Peer* const peer = device_.next_ready()) {
        while (!peer->staged.empty() && peer->sending_session(moment.now)) {
            if (!seal_later(turn, *peer, peer->staged.front())) {
                turn.drops.count(Drop::no_buffer);
            }
            peer->staged.pop();
        }
        device_.data_sent(*peer, moment, turn.to_udp);
    }
}

void Egress::send(Turn& turn, Bytes packet, Moment moment) {
    const auto inner = InnerPacket::parse(packet);
    if (!inner) return turn.drops.count(Drop::not_ip);
    Peer* const peer = device_.route(inner->destination());
    if (!peer) return turn.drops.count(Drop::no_peer);
    if (!peer->endpoint.is_set()) return turn.drops.count(Drop::no_endpoint);
    // Behind others that wait, a packet waits too: order is kept.
    if (!peer->staged.empty() || !peer->sending_session(moment.now)) {
        turn.drops.count(Drop::staged_overflow, peer->staged.push(inner->bytes()));
        return device_.want_session(*peer, moment, turn.to_udp);
    }
    if (!seal_later(turn, *peer, inner->bytes())) return turn.drops.count(Drop::no_buffer);
    device_.data_sent(*peer, moment, turn.to_udp);
}

bool Egress::seal_later(Turn& turn, Peer& peer, Bytes packet) {
    Session& session = *peer.keypairs.current();
    const std::size_t padded = padded_size(packet.size(), device_.mtu());
    const std::size_t size = data_overhead + padded;
    const MutableBytes slot = turn.to_udp.datagram(peer.endpoint, size, 0);
    if (slot.empty()) return false;
    const std::uint64_t counter = session.next_counter++;
    write_data_header(slot, session.remote_index, counter);
    const MutableBytes text = slot.subspan(data_header_size, padded);
    copy_bytes(text, packet);
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(packet.size()), text.end(),
              std::uint8_t{0});
    jobs_.push_back({.key = &session.send_key,
                     .counter = counter,
                     .input = text.data(),
                     .output = text.data(),
                     .text_size = static_cast<std::uint32_t>(padded)});
    peer.sent_bytes += size;
    if (jobs_.size() == jobs_max) seal();
    return true;
}

void Egress::seal() {
    aead_.seal(jobs_);
    jobs_.clear();
}

}  // namespace wgns
