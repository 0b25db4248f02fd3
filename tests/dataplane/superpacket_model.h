// Superpackets to test with, and a segmenter that works straight from the RFCs, field by field, and
// shares no code with the product.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "dataplane/virtio_header.h"

namespace wgns::model {

using Packet = std::vector<std::uint8_t>;

struct Shape {
    unsigned version = 4;
    bool udp = false;
    std::uint16_t gso_size = 1000;
    std::size_t payload = 3000;
    std::uint8_t tcp_flags = 0x10;
    std::size_t ip_extra = 0;     // bytes of IPv4 options, or of IPv6 extension headers
    std::size_t tcp_options = 0;  // bytes

    [[nodiscard]] std::size_t transport() const { return (version == 4 ? 20 : 40) + ip_extra; }
    [[nodiscard]] std::size_t headers() const { return transport() + (udp ? 8 : 20 + tcp_options); }
    [[nodiscard]] std::uint8_t protocol() const { return udp ? 17 : 6; }
};

// A virtio-net header and a superpacket, as a kernel hands it over: random where the shape does not
// say otherwise, the partial sum in its field, and two checksums that are of no use.
[[nodiscard]] Packet make_frame(const Shape& shape, std::mt19937& random);

// What to write into the virtio-net header of such a frame.
[[nodiscard]] VirtioHeader virtio_header(const Shape& shape);

// The packets that the frame of this shape stands for.
[[nodiscard]] std::vector<Packet> segments(const Shape& shape, const Packet& frame);

// Whether a receiver that sums everything would take the packet.
[[nodiscard]] bool checksums_hold(const Shape& shape, const Packet& packet);

// RFC 1071, word by word. Not complemented.
[[nodiscard]] std::uint16_t sum_words(const Packet& bytes);

// RFC 9293 3.1, RFC 768, RFC 8200 8.1: for a transport of so many bytes.
[[nodiscard]] Packet pseudo_header(const Shape& shape, const Packet& packet, std::size_t length);

[[nodiscard]] std::uint16_t get16(const Packet& packet, std::size_t at);
[[nodiscard]] std::uint32_t get32(const Packet& packet, std::size_t at);
void put16(Packet& packet, std::size_t at, std::size_t value);
void put32(Packet& packet, std::size_t at, std::size_t value);

}  // namespace wgns::model
