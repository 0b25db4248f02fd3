#include "tests/dataplane/superpacket_model.h"

#include <algorithm>

namespace wgns::model {

namespace {

Packet slice(const Packet& packet, std::size_t from, std::size_t size) {
    const auto begin = packet.begin() + static_cast<std::ptrdiff_t>(from);
    return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

Packet joined(Packet first, const Packet& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

std::uint16_t complement_of_sum(const Packet& bytes) {
    return static_cast<std::uint16_t>(0xffff - sum_words(bytes));
}

void make_v4_header(const Shape& shape, Packet& packet) {
    packet[0] = static_cast<std::uint8_t>(0x40 + (20 + shape.ip_extra) / 4);
    put16(packet, 2, packet.size());
    put16(packet, 6, 0x4000);  // DF
    packet[9] = shape.protocol();
}

// Extension headers: hop-by-hop options first (RFC 8200 4.1), destination options for the rest.
void make_v6_header(const Shape& shape, Packet& packet) {
    packet[0] = static_cast<std::uint8_t>(0x60 | (packet[0] & 0x0f));
    packet[8] = packet[24] = 0xfd;  // never a mapped address
    put16(packet, 4, packet.size() - 40);
    packet[6] = shape.ip_extra == 0 ? shape.protocol() : 0;
    if (shape.ip_extra == 0) return;
    packet[40] = shape.ip_extra == 8 ? shape.protocol() : 60;
    packet[41] = 0;
    if (shape.ip_extra == 8) return;
    packet[48] = shape.protocol();
    packet[49] = static_cast<std::uint8_t>((shape.ip_extra - 8) / 8 - 1);
}

void finish_transport(const Shape& shape, Packet& packet) {
    const std::size_t at = shape.transport() + (shape.udp ? 6 : 16);
    put16(packet, at, 0);
    const Packet transport = slice(packet, shape.transport(), packet.size() - shape.transport());
    const Packet pseudo = pseudo_header(shape, packet, transport.size());
    std::uint16_t sum = complement_of_sum(joined(pseudo, transport));
    if (shape.udp && sum == 0) sum = 0xffff;
    put16(packet, at, sum);
}

void finish_v4_header(const Shape& shape, Packet& packet) {
    put16(packet, 10, 0);
    put16(packet, 10, complement_of_sum(slice(packet, 0, shape.transport())));
}

}  // namespace

std::uint16_t get16(const Packet& packet, std::size_t at) {
    return static_cast<std::uint16_t>(packet.at(at) * 256 + packet.at(at + 1));
}

std::uint32_t get32(const Packet& packet, std::size_t at) {
    return std::uint32_t{get16(packet, at)} * 65'536 + get16(packet, at + 2);
}

void put16(Packet& packet, std::size_t at, std::size_t value) {
    packet.at(at) = static_cast<std::uint8_t>(value / 256 % 256);
    packet.at(at + 1) = static_cast<std::uint8_t>(value % 256);
}

void put32(Packet& packet, std::size_t at, std::size_t value) {
    put16(packet, at, value / 65'536 % 65'536);
    put16(packet, at + 2, value % 65'536);
}

std::uint16_t sum_words(const Packet& bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        sum += bytes[i] * 256u + (i + 1 < bytes.size() ? bytes[i + 1] : 0u);
        if (sum > 0xffff) sum -= 0xffff;
    }
    return static_cast<std::uint16_t>(sum);
}

Packet pseudo_header(const Shape& shape, const Packet& packet, std::size_t length) {
    Packet pseudo = shape.version == 4 ? slice(packet, 12, 8) : slice(packet, 8, 32);
    const std::size_t at = pseudo.size();
    pseudo.resize(at + (shape.version == 4 ? 4 : 8));
    if (shape.version == 4)
        put16(pseudo, at + 2, length);
    else
        put32(pseudo, at, length);
    pseudo[shape.version == 4 ? at + 1 : at + 7] = shape.protocol();
    return pseudo;
}

VirtioHeader virtio_header(const Shape& shape) {
    const std::uint8_t tcp = shape.version == 4 ? 1 : 4;
    return {.flags = 1,
            .gso_type = shape.udp ? std::uint8_t{5} : tcp,
            .header_size = 0,
            .gso_size = shape.gso_size,
            .checksum_start = static_cast<std::uint16_t>(shape.transport()),
            .checksum_offset = static_cast<std::uint16_t>(shape.udp ? 6 : 16)};
}

Packet make_frame(const Shape& shape, std::mt19937& random) {
    Packet packet(shape.headers() + shape.payload);
    for (std::uint8_t& byte : packet)
        byte = static_cast<std::uint8_t>(random());
    if (shape.version == 4)
        make_v4_header(shape, packet);
    else
        make_v6_header(shape, packet);
    const std::size_t at = shape.transport(), length = packet.size() - at;
    if (shape.udp) {
        put16(packet, at + 4, length);
    } else {
        packet[at + 12] = static_cast<std::uint8_t>((20 + shape.tcp_options) * 4);
        packet[at + 13] = shape.tcp_flags;
    }
    put16(packet, at + (shape.udp ? 6 : 16), sum_words(pseudo_header(shape, packet, length)));
    Packet frame(VirtioHeader::size);
    virtio_header(shape).write(frame);
    return joined(frame, packet);
}

std::vector<Packet> segments(const Shape& shape, const Packet& frame) {
    const Packet whole = slice(frame, VirtioHeader::size, frame.size() - VirtioHeader::size);
    const std::size_t at = shape.transport();
    std::vector<Packet> result;
    std::size_t offset = 0;
    do {
        const std::size_t size = std::min<std::size_t>(shape.gso_size, shape.payload - offset);
        Packet packet =
            joined(slice(whole, 0, shape.headers()), slice(whole, shape.headers() + offset, size));
        const bool first = offset == 0, last = offset + size == shape.payload;
        put16(packet, shape.version == 4 ? 2 : 4, packet.size() - (shape.version == 4 ? 0 : 40));
        if (shape.version == 4) {
            put16(packet, 4, get16(whole, 4) + result.size());
            finish_v4_header(shape, packet);
        }
        if (shape.udp) {
            put16(packet, at + 4, 8 + size);
        } else {
            put32(packet, at + 4, get32(whole, at + 4) + offset);
            if (!last) packet[at + 13] &= 0xff - 0x01 - 0x08;  // FIN, PSH
            if (!first) packet[at + 13] &= 0xff - 0x80;        // CWR
        }
        finish_transport(shape, packet);
        result.push_back(packet);
        offset += size;
    } while (offset < shape.payload);
    return result;
}

bool checksums_hold(const Shape& shape, const Packet& packet) {
    const Packet transport = slice(packet, shape.transport(), packet.size() - shape.transport());
    const Packet pseudo = pseudo_header(shape, packet, transport.size());
    const bool v4_holds =
        shape.version != 4 || sum_words(slice(packet, 0, shape.transport())) == 0xffff;
    const bool says_none = shape.udp && get16(packet, shape.transport() + 6) == 0;
    return v4_holds && !says_none && sum_words(joined(pseudo, transport)) == 0xffff;
}

}  // namespace wgns::model
