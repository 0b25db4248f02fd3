// The IP packet that goes through the tunnel (RFC 791, RFC 8200), and the zeros that are put behind
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ip_address.h"

namespace wgns {

// Holding an InnerPacket is the proof that header and lengths are sound, so no accessor checks
// again. Valid as long as the bytes it was parsed from.
class InnerPacket {
public:
    // The packet at the start of the bytes; what follows it is padding. Nothing: not IP, a length
    // that lies, or an IPv6 header with an IPv4-mapped address, which has no business on a wire
    // and would pass here for the IPv4 one (kernel ip6_input.c refuses it for the same reason).
    [[nodiscard]] static std::optional<InnerPacket> parse(Bytes bytes) noexcept;

    [[nodiscard]] unsigned version() const noexcept { return bytes_[0] >> 4; }  // 4 or 6
    [[nodiscard]] IpAddress source() const noexcept { return address_at(12, 8); }
    [[nodiscard]] IpAddress destination() const noexcept { return address_at(16, 24); }
    // Without padding.
    [[nodiscard]] std::size_t length() const noexcept { return bytes_.size(); }
    [[nodiscard]] Bytes bytes() const noexcept { return bytes_; }
    // IPv4's protocol; IPv6's next header, which may be an extension's.
    [[nodiscard]] std::uint8_t protocol() const noexcept {
        return version() == 4 ? bytes_[9] : bytes_[6];
    }
    // IPv4's TOS, IPv6's traffic class: DSCP and ECN.
    [[nodiscard]] std::uint8_t traffic_class() const noexcept {
        return version() == 4 ? bytes_[1]
                              : static_cast<std::uint8_t>(load_be<std::uint16_t>(bytes_) >> 4);
    }

private:
    explicit InnerPacket(Bytes checked) noexcept : bytes_(checked) {}

    [[nodiscard]] IpAddress address_at(std::size_t v4_offset,
                                       std::size_t v6_offset) const noexcept {
        return version() == 4 ? IpAddress::v4(bytes_.subspan(v4_offset).first<4>())
                              : IpAddress::v6(bytes_.subspan(v6_offset).first<16>());
    }

    Bytes bytes_;
};

// The size of a packet with its padding: a multiple of 16 (whitepaper 5.4.6), but never past the
// MTU. A superpacket is judged by its last part. MTU 0: no limit (kernel send.c,
// calculate_skb_padding).
[[nodiscard]] std::size_t padded_size(std::size_t size, std::size_t mtu) noexcept;

}  // namespace wgns
