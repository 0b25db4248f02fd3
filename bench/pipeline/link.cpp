#include "bench/pipeline/link.h"

#include <cstdio>
#include <cstdlib>

#include "crypto/aead_choice.h"
#include "crypto/x25519.h"

namespace wgns::bench {

namespace {

constexpr std::uint8_t sender_number = 1, receiver_number = 2;

Endpoint outer(std::uint8_t number) {
    Endpoint endpoint = *Endpoint::parse("192.0.2.0:51820");
    endpoint.address = *IpAddress::parse("192.0.2." + std::to_string(number));
    return endpoint;
}

DeviceChange introduce(const PrivateKey& own, const PublicKey& other, std::uint8_t number) {
    DeviceChange change;
    change.private_key = own.duplicate();
    PeerChange& peer = change.peers.emplace_back();
    peer.public_key = other;
    peer.endpoint = outer(number);
    peer.allowed_ips.push_back({*IpPrefix::parse("10.0.0." + std::to_string(number)), false});
    return change;
}

}  // namespace

MemoryIo::MemoryIo(MemoryPorts& ports, MemoryPorts& other, std::uint8_t number)
    : ports_(ports), other_(other), from_(outer(number)) {}

bool MemoryIo::collect(Turn& turn) {
    turn.clear_received();
    turn.has_commands = std::exchange(ports_.has_commands, false);
    for (std::vector<std::uint8_t>& frame : ports_.frames)
        turn.receive(TunFrame{frame});
    WG_ASSERT(other_.sent.size() <= Turn::trains_max);
    for (const TrainRef& train : other_.sent)
        turn.receive(ReceivedTrain{from_, 0, train->segment_size, train->bytes()});
    return true;
}

void MemoryIo::submit(Turn& turn) {
    other_.sent.clear();
    for (TrainRef& train : turn.to_udp.trains())
        ports_.sent.push_back(std::move(train));
    turn.to_udp.trains().clear();
    for (const TunWrite& write : turn.to_tun)
        for (std::uint32_t i = 1; i < write.count; ++i)
            ports_.written += turn.pieces[write.first + i].iov_len;
}

Lane::Lane(SharedDevice& sender, SharedDevice& receiver, AeadKind aead) {
    const auto make = [&](TimedAead*& timed) {
        auto choice = make_aead(aead);
        WG_ASSERT(choice.has_value());
        auto made = std::make_unique<TimedAead>(std::move(choice->aead));
        timed = made.get();
        return made;
    };
    sender_ports_.sent.reserve(Turn::sends_max);
    receiver_ports_.sent.reserve(Turn::sends_max);
    sender_ = std::make_unique<Worker>(
        std::make_unique<MemoryIo>(sender_ports_, receiver_ports_, receiver_number), make(sealer_),
        sender, sender_mailbox_, clock_);
    receiver_ = std::make_unique<Worker>(
        std::make_unique<MemoryIo>(receiver_ports_, sender_ports_, sender_number), make(opener_),
        receiver, receiver_mailbox_, clock_);
}

void Lane::post(MemoryPorts& ports, Mailbox& mailbox, Command command) {
    const bool posted = mailbox.post(std::move(command));
    WG_ASSERT(posted);
    ports.has_commands = true;
}

Link::Link(std::size_t lanes, AeadKind aead) {
    for (std::size_t i = 0; i < lanes; ++i)
        lanes_.push_back(std::make_unique<Lane>(sender_, receiver_, aead));
}

void Link::connect(const std::vector<std::vector<std::uint8_t>>& frames) {
    const PrivateKey sender_key = generate_private_key(entropy_);
    const PrivateKey receiver_key = generate_private_key(entropy_);
    lane(0).post_to_sender(
        ApplyChange{introduce(sender_key, public_key_of(receiver_key), receiver_number), {}});
    lane(0).post_to_receiver(
        ApplyChange{introduce(receiver_key, public_key_of(sender_key), sender_number), {}});
    // Before the first initiation comes, which would not be repeated for 5 s.
    lane(0).receive();
    // The handshake takes a few, and every vector soon has the size that it is going to need.
    constexpr int warm_up_turns = 100;
    for (const auto& each : lanes_) {
        each->set_frames(frames);
        for (int i = 0; i < warm_up_turns; ++i) {
            each->send();
            each->receive();
        }
        WG_ASSERT(each->written() > 0);
    }
}

}  // namespace wgns::bench
