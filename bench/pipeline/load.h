// What one turn reads from the TUN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wgns::bench {

using ByteVector = std::vector<std::uint8_t>;

struct Load {
    std::string name;
    std::size_t packet_size;  // of an inner packet, headers and all
    std::size_t segments;     // in a frame
    std::size_t frames;

    [[nodiscard]] std::uint64_t packets() const noexcept { return segments * frames; }
};

[[nodiscard]] std::span<const Load> loads() noexcept;

// UDP where a frame is one packet, and superpackets of TCP else; from 10.0.0.1 to 10.0.0.2, behind
// a virtio-net header, with the checksum left to us.
[[nodiscard]] std::vector<ByteVector> frames_of(const Load& load);

// Of a packet, IPv4 and TCP with timestamps.
inline constexpr std::size_t ip_size = 20, tcp_size = 32;

}  // namespace wgns::bench
