// The Internet checksum (RFC 1071) of IPv4 headers, TCP and UDP.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ip_address.h"

namespace wgns {

// A one's complement sum that is not folded yet: sums of parts that begin at even offsets may be
// added up. Words are taken as they lie in memory, which RFC 1071 section 2 (B) allows.
using Sum = std::uint64_t;

// An odd last byte counts as if a zero followed it.
[[nodiscard]] Sum sum_of(Bytes bytes) noexcept;

// Copies `from` to the start of `to`, which has room and does not overlap it, and returns its sum.
[[nodiscard]] Sum copy_and_sum(MutableBytes to, Bytes from) noexcept;

// The number as the sum of its two bytes in network order.
[[nodiscard]] Sum sum_of(std::uint16_t host_order) noexcept;

// 16 bits, in the order of the bytes that were summed: copy it, do not convert it.
[[nodiscard]] std::uint16_t fold(Sum sum) noexcept;

// What stands before TCP and UDP in their sum (RFC 9293 3.1, RFC 768, RFC 8200 8.1). Addresses are
// the 4 or 16 bytes of the packet, `length` counts the transport's header and payload.
[[nodiscard]] Sum pseudo_header_sum(Bytes source, Bytes destination, std::uint8_t protocol,
                                    std::size_t length) noexcept;

// Writes the complement of a sum to its field: the checksum. For UDP zero would mean "none", so
// `udp` gets 0xffff instead (RFC 768).
void store_checksum(MutableBytes field, Sum sum, bool udp) noexcept;

}  // namespace wgns
