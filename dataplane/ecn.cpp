#include "dataplane/ecn.h"

#include <optional>

#include "dataplane/checksum.h"

namespace wgns {

namespace {

// Nothing: the packet keeps what it has.
std::optional<Ecn> marked(Ecn inner, Ecn outer) noexcept {
    if (inner == Ecn::not_ect || inner == outer || inner == Ecn::ce) return std::nullopt;
    if (outer == Ecn::ce || outer == Ecn::ect_1) return outer;
    return std::nullopt;
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
    const Sum before = sum_of(packet.first(2));
    store_be(packet, changed);
    if (!is_v4) return;
    // RFC 1624, equation 3. The sums are single words.
    const MutableBytes field = packet.subspan(10, 2);
    const Sum sum = (0xffff - sum_of(field)) + (0xffff - before) + sum_of(packet.first(2));
    store_checksum(field, sum, false);
}

}  // namespace wgns
