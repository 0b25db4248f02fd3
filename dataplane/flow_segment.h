// A received inner packet as a segment of its flow: what decides whether it may be joined to the
// ones before it (kernel net/ipv4/tcp_offload.c, tcp_gro_receive; net/ipv4/udp_offload.c).
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "protocol/inner_packet.h"

namespace wgns {

// TCP or UDP directly behind an IP header without options, extension headers or fragments; lengths
// agree. Valid as long as the packet's bytes, which may be changed by their owner.
class FlowSegment {
public:
    // Nothing: another kind of packet, whose flow cannot be told.
    [[nodiscard]] static std::optional<FlowSegment> parse(const InnerPacket& packet) noexcept;

    [[nodiscard]] bool is_v4() const noexcept { return ip_size_ == 20; }
    [[nodiscard]] bool is_tcp() const noexcept { return is_tcp_; }
    [[nodiscard]] std::size_t ip_size() const noexcept { return ip_size_; }
    [[nodiscard]] std::size_t header_size() const noexcept { return ip_size_ + transport_size_; }
    [[nodiscard]] std::size_t payload_size() const noexcept {
        return bytes_.size() - header_size();
    }
    // Where the checksum field is, behind the IP header.
    [[nodiscard]] std::size_t checksum_offset() const noexcept { return is_tcp_ ? 16 : 6; }
    // FIN, PSH and CWR of TCP, see tcp_flag.
    [[nodiscard]] std::uint8_t flags() const noexcept {
        return is_tcp_ ? bytes_[ip_size_ + 13] : std::uint8_t{0};
    }
    // A name of the flow that others may share by chance.
    [[nodiscard]] std::uint64_t flow_hash() const noexcept { return flow_hash_; }

    [[nodiscard]] bool is_same_flow(const FlowSegment& other) const noexcept;
    // Whether it has a payload and nothing that concerns this packet alone: no SYN, RST or URG, and
    // a checksum. Says nothing about whether that is right.
    [[nodiscard]] bool may_be_joined() const noexcept;
    // Whether it goes on where a run of `count` segments with `payload_size` bytes in all ends that
    // began with `first`, of the same flow: every header field that a superpacket has only once is
    // the same.
    [[nodiscard]] bool follows(const FlowSegment& first, std::size_t count,
                               std::size_t payload_size) const noexcept;
    // Whether the checksums of IPv4 and of the transport are right. Reads the whole packet.
    [[nodiscard]] bool is_sound() const noexcept;

private:
    FlowSegment(Bytes bytes, std::size_t ip_size, bool is_tcp, std::size_t transport_size) noexcept;

    [[nodiscard]] Bytes addresses() const noexcept;
    [[nodiscard]] Bytes transport() const noexcept { return bytes_.subspan(ip_size_); }
    [[nodiscard]] bool same_ip_fields(const FlowSegment& first, std::size_t count) const noexcept;
    [[nodiscard]] bool same_tcp_fields(const FlowSegment& first,
                                       std::size_t payload_size) const noexcept;

    Bytes bytes_;  // without padding
    std::size_t ip_size_;
    std::size_t transport_size_;
    std::uint64_t flow_hash_;
    bool is_tcp_;
};

namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01, syn = 0x02, rst = 0x04, psh = 0x08, urg = 0x20,
                              cwr = 0x80;
}

}  // namespace wgns
