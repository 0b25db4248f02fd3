#include "host.h"

namespace wgns::sim {

namespace {

Endpoint outer_address(std::uint8_t number) {
    Endpoint endpoint;
    endpoint.address = IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, number});
    endpoint.port = 51820;
    return endpoint;
}

}  // namespace

Host::Host(std::uint8_t number, const SimClock& shared, std::uint64_t seed)
    : clock(shared), number_(number), entropy_(seed), mailbox_(*Mailbox::create()) {
    ports.address = outer_address(number);
    worker_ = std::make_unique<Worker>(std::make_unique<MemoryIo>(ports), make_aead_sodium(),
                                       device_, mailbox_, clock);
    PrivateKey key = generate_private_key(entropy_);
    public_key_ = public_key_of(key);
    ApplyChange identity;
    identity.change.private_key = std::move(key);
    post(std::move(identity));
}

void Host::post(Command command) {
    const bool posted = mailbox_.post(std::move(command));
    WG_ASSERT(posted);
    ports.has_commands = true;
    turn();
}

void Host::add_peer(const Host& other, bool knows_endpoint, const PresharedKey& psk,
                    std::uint16_t keepalive_seconds) {
    ApplyChange change;
    PeerChange& peer = change.change.peers.emplace_back();
    peer.public_key = other.public_key();
    peer.preshared_key = psk.duplicate();
    if (knows_endpoint) peer.endpoint = other.ports.address;
    peer.persistent_keepalive_seconds = keepalive_seconds;
    const std::array<std::uint8_t, 4> inner{10, 0, 0, other.number_};
    peer.allowed_ips.push_back({{IpAddress::v4(inner), 32}, false});
    post(std::move(change));
}

WorkerSnapshot Host::snapshot() {
    WorkerSnapshot taken;
    post(TakeSnapshot{[&](WorkerSnapshot value) { taken = std::move(value); }});
    return taken;
}

std::vector<std::uint8_t> Host::packet_to(const Host& other, std::size_t size) const {
    std::vector<std::uint8_t> packet(size);
    packet[0] = 0x45;
    store_be(MutableBytes(packet).subspan(2), static_cast<std::uint16_t>(size));
    packet[9] = 17;
    for (const auto& [at, last] : {std::pair{12, number_}, std::pair{16, other.number_}})
        copy_bytes(MutableBytes(packet).subspan(static_cast<std::size_t>(at)),
                   std::array<std::uint8_t, 4>{10, 0, 0, last});
    return packet;
}

}  // namespace wgns::sim
