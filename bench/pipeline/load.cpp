#include "bench/pipeline/load.h"

#include <cstring>

#include "dataplane/checksum.h"
#include "dataplane/virtio_header.h"

namespace wgns::bench {

namespace {

const Load all_loads[] = {
    {"64", 64, 1, 64},
    {"200", 200, 1, 64},
    {"1420", 1420, 1, 64},
    {"1420_superpacket", 1420, 45, 4},
};

constexpr std::size_t udp_size = 8;

// IPv4 from 10.0.0.1 to 10.0.0.2 behind a virtio-net header.
ByteVector frame(std::uint8_t protocol, std::size_t size, const VirtioHeader& header) {
    ByteVector bytes(VirtioHeader::size + size);
    header.write(MutableBytes(bytes).first(VirtioHeader::size));
    const MutableBytes packet = MutableBytes(bytes).subspan(VirtioHeader::size);
    packet[0] = 0x45;
    store_be(packet.subspan(2), static_cast<std::uint16_t>(size));
    packet[8] = 64;
    packet[9] = protocol;
    const std::uint8_t addresses[] = {10, 0, 0, 1, 10, 0, 0, 2};
    std::memcpy(&packet[12], addresses, sizeof addresses);
    store_checksum(packet.subspan(10), sum_of(packet.first(ip_size)), false);
    return bytes;
}

// As the kernel hands out what a program here has sent: the checksum is left to us.
ByteVector udp_frame(std::size_t size) {
    VirtioHeader header;
    header.flags = VirtioHeader::needs_checksum;
    header.checksum_start = ip_size;
    header.checksum_offset = 6;
    ByteVector bytes = frame(17, size, header);
    const MutableBytes packet = MutableBytes(bytes).subspan(VirtioHeader::size);
    const MutableBytes udp = packet.subspan(ip_size);
    store_be(udp.first(2), std::uint16_t{5000});
    store_be(udp.subspan(2), std::uint16_t{5001});
    store_be(udp.subspan(4), static_cast<std::uint16_t>(udp.size()));
    const std::uint16_t partial =
        fold(pseudo_header_sum(packet.subspan(12, 4), packet.subspan(16, 4), 17, udp.size()));
    std::memcpy(&udp[6], &partial, sizeof partial);
    return bytes;
}

ByteVector tcp_frame(std::size_t packet_size, std::size_t segments) {
    const std::size_t step = packet_size - ip_size - tcp_size;
    VirtioHeader header;
    header.flags = VirtioHeader::needs_checksum;
    header.gso_type = VirtioHeader::tcp_v4;
    header.header_size = ip_size + tcp_size;
    header.gso_size = static_cast<std::uint16_t>(step);
    header.checksum_start = ip_size;
    header.checksum_offset = 16;
    ByteVector bytes = frame(6, ip_size + tcp_size + step * segments, header);
    const MutableBytes tcp = MutableBytes(bytes).subspan(VirtioHeader::size + ip_size);
    tcp[12] = (tcp_size / 4) << 4;
    tcp[13] = 0x10;
    tcp[20] = tcp[21] = 1;  // no operation, twice, and timestamps
    tcp[22] = 8;
    tcp[23] = 10;
    return bytes;
}

}  // namespace

std::span<const Load> loads() noexcept {
    return all_loads;
}

std::vector<ByteVector> frames_of(const Load& load) {
    return std::vector<ByteVector>(load.frames, load.segments == 1
                                                    ? udp_frame(load.packet_size)
                                                    : tcp_frame(load.packet_size, load.segments));
}

}  // namespace wgns::bench
