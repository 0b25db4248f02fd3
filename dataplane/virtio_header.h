// The header before every packet of a TUN device with IFF_VNET_HDR (linux/virtio_net.h; Virtual I/O
// Device 1.2, section 5.1.6): what of checksum and segmentation is left to the reader. Ten bytes,
// in the byte order of the machine unless TUNSETVNETLE or TUNSETVNETBE say otherwise.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace wgns {

struct VirtioHeader {
    static constexpr std::size_t size = 10;
    static constexpr std::uint8_t needs_checksum = 1;  // flags
    // gso_type; TCP's may have `ecn` set beside it.
    static constexpr std::uint8_t no_gso = 0, tcp_v4 = 1, tcp_v6 = 4, udp_l4 = 5, ecn = 0x80;

    std::uint8_t flags = 0;
    std::uint8_t gso_type = no_gso;
    std::uint16_t header_size = 0;      // before the payload; wrong where the kernel forwarded
    std::uint16_t gso_size = 0;         // payload bytes of every segment but the last
    std::uint16_t checksum_start = 0;   // offset in the packet from which the sum is missing
    std::uint16_t checksum_offset = 0;  // of the field behind checksum_start; holds a partial sum

    // `bytes` holds at least `size`.
    [[nodiscard]] static VirtioHeader read(Bytes bytes) noexcept {
        return {bytes[0],          bytes[1],          word_at(bytes, 2),
                word_at(bytes, 4), word_at(bytes, 6), word_at(bytes, 8)};
    }
    void write(MutableBytes bytes) const noexcept {
        WG_ASSERT(bytes.size() >= size);
        bytes[0] = flags;
        bytes[1] = gso_type;
        put_word(bytes, 2, header_size);
        put_word(bytes, 4, gso_size);
        put_word(bytes, 6, checksum_start);
        put_word(bytes, 8, checksum_offset);
    }

private:
    static std::uint16_t word_at(Bytes bytes, std::size_t at) noexcept {
        WG_ASSERT(bytes.size() >= at + 2);
        std::uint16_t word;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        return word;
    }
    static void put_word(MutableBytes bytes, std::size_t at, std::uint16_t word) noexcept {
        std::memcpy(bytes.data() + at, &word, sizeof word);
    }
};

}  // namespace wgns
