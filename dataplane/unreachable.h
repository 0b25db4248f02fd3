// What a sender inside hears when its packet has nowhere to go: ICMP and ICMPv6 "destination
// unreachable" (RFC 792, RFC 4443 section 3.1), so that a connection fails at once instead of
// timing out.
#pragma once

#include <array>

#include "base/clock.h"
#include "dataplane/turn.h"
#include "protocol/inner_packet.h"

namespace wgns {

// An answer of at most this size: IPv6's smallest MTU.
inline constexpr std::size_t unreachable_size_max = 1280;

// The packet that says that this one's destination is unreachable, and its size; as host
// unreachable or address unreachable, like the kernel's WireGuard. It comes from the destination:
// the interface's own address would be taken for forged. 0 where none may be sent: about ICMP
// errors and what may be one, later fragments, multicast and broadcast, or to a source that is not
// one host (RFC 1122 3.2.2, RFC 4443 2.4 (e)).
[[nodiscard]] std::size_t write_unreachable(
    const InnerPacket& packet, std::span<std::uint8_t, unreachable_size_max> out) noexcept;

// Answers in such packets, one a millisecond at most, as net.ipv4.icmp_msgs_per_sec has it. One
// thread.
class UnreachableAnswers {
public:
    // Adds the answer to the turn's writes. `packet` may be a superpacket. Valid: what was written
    // points into this object and stays until the next answer.
    void answer(Turn& turn, const InnerPacket& packet, TimePoint now);

private:
    TimePoint next_;  // when another may go
    std::array<std::uint8_t, unreachable_size_max> bytes_;
};

}  // namespace wgns
