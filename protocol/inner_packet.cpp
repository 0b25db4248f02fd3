#include "protocol/inner_packet.h"

#include <algorithm>

namespace wgns {

namespace {

constexpr std::size_t v4_header_size_min = 20;
constexpr std::size_t v6_header_size = 40;

// 0, which no packet has, when the header lies.
std::size_t v4_length(Bytes bytes) noexcept {
    if (bytes.size() < v4_header_size_min) return 0;
    const std::size_t header_size = std::size_t{bytes[0] & 0x0fu} * 4;
    const std::size_t length = load_be<std::uint16_t>(bytes.subspan(2));
    const bool sound =
        header_size >= v4_header_size_min && length >= header_size && length <= bytes.size();
    return sound ? length : 0;
}

std::size_t v6_length(Bytes bytes) noexcept {
    if (bytes.size() < v6_header_size) return 0;
    // In size_t, because 16 bits would wrap.
    const std::size_t length = v6_header_size + load_be<std::uint16_t>(bytes.subspan(4));
    return length <= bytes.size() ? length : 0;
}

}  // namespace

std::optional<InnerPacket> InnerPacket::parse(Bytes bytes) noexcept {
    const unsigned version = bytes.empty() ? 0 : bytes[0] >> 4;
    const std::size_t length = version == 4   ? v4_length(bytes)
                               : version == 6 ? v6_length(bytes)
                                              : 0;
    if (length == 0) return std::nullopt;
    const InnerPacket packet(bytes.first(length));
    if (version == 6 && (packet.source().is_v4() || packet.destination().is_v4()))
        return std::nullopt;
    return packet;
}

std::size_t padded_size(std::size_t size, std::size_t mtu) noexcept {
    const std::size_t last = mtu != 0 && size > mtu ? size % mtu : size;
    const std::size_t padded = (last + 15) / 16 * 16;
    return size - last + (mtu != 0 ? std::min(padded, mtu) : padded);
}

}  // namespace wgns
