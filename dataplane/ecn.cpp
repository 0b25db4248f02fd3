#include "dataplane/ecn.h"

#include <optional>

namespace wgns {

namespace {

// Nothing: the packet keeps what it has.
std::optional<Ecn> marked(Ecn inner, Ecn outer) noexcept {
    if (inner == Ecn::not_ect || inner == outer || inner == Ecn::ce) return std::nullopt;
    if (outer == Ecn::ce) return Ecn::ce;
    if (outer == Ecn::ect_1) return Ecn::ect_1;
    return std::nullopt;
}

// RFC 1624, equation 3; both words in network order.
std::uint16_t updated_checksum(std::uint16_t sum, std::uint16_t from, std::uint16_t to) noexcept {
    std::uint32_t total = static_cast<std::uint16_t>(~sum);
    total += static_cast<std::uint16_t>(~from);
    total += to;
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    return static_cast<std::uint16_t>(~total);
}

}  // namespace

void mark_congestion(MutableBytes packet, std::uint8_t received_tos) noexcept {
    const bool is_v4 = packet[0] >> 4 == 4;
    const auto word = load_be<std::uint16_t>(packet);  // version and traffic class
    const unsigned shift = is_v4 ? 0 : 4;
    const auto ecn = marked(ecn_of(static_cast<std::uint8_t>(word >> shift)), ecn_of(received_tos));
    if (!ecn) return;
    const auto changed = static_cast<std::uint16_t>((word & ~(3u << shift)) |
                                                    (static_cast<unsigned>(*ecn) << shift));
    store_be(packet, changed);
    if (!is_v4) return;
    const MutableBytes field = packet.subspan(10, 2);
    store_be(field, updated_checksum(load_be<std::uint16_t>(field), word, changed));
}

}  // namespace wgns
