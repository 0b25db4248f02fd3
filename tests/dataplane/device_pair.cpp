#include "device_pair.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "crypto/x25519.h"
#include "protocol/messages.h"

namespace wgns {

namespace {

constexpr std::size_t ip_header_size = 20, udp_header_size = 8, tcp_header_size = 20;

IpAddress inner_address(std::uint8_t number) {
    return IpAddress::v4(std::array<std::uint8_t, 4>{10, 0, 0, number});
}

ByteVector ip_packet(std::uint8_t from, std::uint8_t to, std::uint8_t protocol, std::size_t size) {
    ByteVector packet(size);
    const MutableBytes bytes(packet);
    std::iota(packet.begin(), packet.end(), std::uint8_t{0});
    std::fill_n(packet.begin(), ip_header_size, std::uint8_t{0});
    packet[0] = 0x45;
    store_be(bytes.subspan(2), static_cast<std::uint16_t>(size));
    packet[8] = 64;
    packet[9] = protocol;
    copy_bytes(bytes.subspan(12), inner_address(from).bytes());
    copy_bytes(bytes.subspan(16), inner_address(to).bytes());
    return packet;
}

}  // namespace

Endpoint outer_endpoint(std::uint8_t number) {
    Endpoint endpoint;
    endpoint.address = IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, number});
    endpoint.port = 51820;
    return endpoint;
}

ByteVector packet_between(std::uint8_t from, std::uint8_t to, std::size_t size) {
    ByteVector packet = ip_packet(from, to, 17, size);
    if (size >= ip_header_size + udp_header_size)
        store_be(MutableBytes(packet).subspan(ip_header_size + 4),
                 static_cast<std::uint16_t>(size - ip_header_size));
    return packet;
}

ByteVector frame_of(const ByteVector& packet, const VirtioHeader& header) {
    ByteVector frame(VirtioHeader::size + packet.size());
    header.write(frame);
    copy_bytes(MutableBytes(frame).subspan(VirtioHeader::size), packet);
    return frame;
}

ByteVector tcp_frame(std::uint8_t from, std::uint8_t to, std::size_t payload,
                     std::uint16_t gso_size) {
    constexpr std::size_t head = ip_header_size + tcp_header_size;
    ByteVector packet = ip_packet(from, to, 6, head + payload);
    packet[ip_header_size + 12] = 5 << 4;
    packet[ip_header_size + 13] = 0x10;
    return frame_of(packet, {.flags = VirtioHeader::needs_checksum,
                             .gso_type = VirtioHeader::tcp_v4,
                             .header_size = head,
                             .gso_size = gso_size,
                             .checksum_start = ip_header_size,
                             .checksum_offset = 16});
}

std::vector<SentDatagram> take_sent(Outbox& outbox) {
    std::vector<SentDatagram> sent;
    for (const TrainRef& train : outbox.trains())
        for (Bytes rest = train->bytes(); !rest.empty();) {
            const Bytes one = rest.first(std::min<std::size_t>(train->segment_size, rest.size()));
            sent.push_back({train->to, {one.begin(), one.end()}});
            rest = rest.subspan(one.size());
        }
    outbox.trains().clear();
    return sent;
}

ByteVector seal_data(const Session& session, std::uint64_t counter, Bytes text) {
    ByteVector datagram(data_overhead + text.size());
    write_data_header(datagram, session.remote_index, counter);
    aead_seal(session.send_key, counter, {}, text,
              MutableBytes(datagram).subspan(data_header_size));
    return datagram;
}

std::optional<ByteVector> open_data(const Session& session, Bytes datagram) {
    const auto view = DataView::parse(datagram);
    if (!view || view->receiver() != session.local_index) return std::nullopt;
    ByteVector text(view->sealed().size() - aead_tag_size);
    if (!aead_open(session.receive_key, view->counter(), {}, view->sealed(), text))
        return std::nullopt;
    return text;
}

DeviceChange introduce(const PrivateKey& own, const PublicKey& other, std::uint8_t other_number) {
    DeviceChange change;
    change.private_key = own.duplicate();
    PeerChange& peer = change.peers.emplace_back();
    peer.public_key = other;
    peer.endpoint = outer_endpoint(other_number);
    peer.allowed_ips.push_back({{inner_address(other_number), 32}, false});
    return change;
}

IpAddress DevicePair::Side::other_inner() const {
    return inner_address(number == 1 ? 2 : 1);
}

DevicePair::DevicePair() {
    const PrivateKey key_a = generate_private_key(a.entropy);
    const PrivateKey key_b = generate_private_key(b.entropy);
    EXPECT_TRUE(a.shared.hold()->apply(introduce(key_a, public_key_of(key_b), b.number), moment(),
                                       a.outbox));
    EXPECT_TRUE(b.shared.hold()->apply(introduce(key_b, public_key_of(key_a), a.number), moment(),
                                       b.outbox));
}

void DevicePair::connect() {
    Peer& peer = a.peer();
    a.shared.hold()->want_session(peer, moment(), a.outbox);
    carry(a, b);
    carry(b, a);
    carry(a, b);
}

void DevicePair::carry(Side& from, Side& to) {
    const auto device = to.shared.hold();
    for (const SentDatagram& datagram : from.sent()) {
        const auto view = DataView::parse(datagram.bytes);
        if (!view) {
            EXPECT_TRUE(device->admit_and_consume(datagram.bytes, outer_endpoint(from.number), 1,
                                                  moment(), to.outbox));
            continue;
        }
        Session* const session = device->find_session(view->receiver());
        ASSERT_NE(session, nullptr);
        ASSERT_EQ(open_data(*session, datagram.bytes), ByteVector{}) << "not a keepalive";
        ASSERT_TRUE(session->window.accept(view->counter()));
        device->data_received(*session, outer_endpoint(from.number), false, moment(), to.outbox);
    }
}

}  // namespace wgns
