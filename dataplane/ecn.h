// Explicit congestion notification through a tunnel (RFC 3168, RFC 6040).
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace wgns {

// The two lowest bits of IPv4's TOS and IPv6's traffic class.
enum class Ecn : std::uint8_t { not_ect = 0, ect_1 = 1, ect_0 = 2, ce = 3 };

[[nodiscard]] constexpr Ecn ecn_of(std::uint8_t traffic_class) noexcept {
    return static_cast<Ecn>(traffic_class & 3);
}

// The TOS of the datagram that carries such a packet; DSCP is not told to the outer network. What
// was marked already begins anew, as with the kernel (include/net/inet_ecn.h,
// INET_ECN_encapsulate): the mark is kept inside.
[[nodiscard]] constexpr std::uint8_t outer_tos(std::uint8_t inner_traffic_class) noexcept {
    const Ecn inner = ecn_of(inner_traffic_class);
    return static_cast<std::uint8_t>(inner == Ecn::ce ? Ecn::ect_0 : inner);
}

// Whether the outer network has marked a datagram: as congested, or as ECT(1). Others need not be
// looked at.
[[nodiscard]] constexpr bool is_marked(std::uint8_t received_tos) noexcept {
    return (received_tos & 1) != 0;
}

// Hands the outer network's mark on to a packet that understands it, IPv4 header checksum included
// (RFC 6040, section 4.2). One that does not stays as it is, as with the kernel, although the RFC
// would drop it. `packet` is an InnerPacket's.
void mark_congestion(MutableBytes packet, std::uint8_t received_tos) noexcept;

}  // namespace wgns
