#include "dataplane/flow_segment.h"

#include <algorithm>
#include <cstring>

#include "dataplane/checksum.h"

namespace wgns {

namespace {

constexpr std::uint8_t tcp_protocol = 6, udp_protocol = 17;
constexpr std::size_t v4_size = 20, v6_size = 40, tcp_size_min = 20, udp_size = 8;

bool equal(Bytes a, Bytes b) noexcept {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_plain_ip(const InnerPacket& packet) noexcept {
    const Bytes bytes = packet.bytes();
    if (packet.version() == 6) return true;
    // No options; no fragment: neither MF nor an offset.
    return bytes[0] == 0x45 && (load_be<std::uint16_t>(bytes.subspan(6)) & 0x3fff) == 0;
}

// 0, which no header has, when it lies.
std::size_t transport_size(Bytes transport, bool is_tcp) noexcept {
    if (!is_tcp) {
        const bool sound = transport.size() >= udp_size &&
                           load_be<std::uint16_t>(transport.subspan(4)) == transport.size();
        return sound ? udp_size : 0;
    }
    if (transport.size() < tcp_size_min) return 0;
    const std::size_t size = std::size_t{transport[12]} / 16 * 4;
    return size >= tcp_size_min && size <= transport.size() ? size : 0;
}

}  // namespace

std::optional<FlowSegment> FlowSegment::parse(const InnerPacket& packet) noexcept {
    const std::uint8_t protocol = packet.protocol();
    if ((protocol != tcp_protocol && protocol != udp_protocol) || !is_plain_ip(packet))
        return std::nullopt;
    const std::size_t ip_size = packet.version() == 4 ? v4_size : v6_size;
    const bool is_tcp = protocol == tcp_protocol;
    const std::size_t size = transport_size(packet.bytes().subspan(ip_size), is_tcp);
    if (size == 0) return std::nullopt;
    return FlowSegment(packet.bytes(), ip_size, is_tcp, size);
}

FlowSegment::FlowSegment(Bytes bytes, std::size_t ip_size, bool is_tcp,
                         std::size_t transport_size) noexcept
    : bytes_(bytes), ip_size_(ip_size), transport_size_(transport_size), is_tcp_(is_tcp) {
    // Multiplied (Knuth, TAOCP 6.4), so that neither addresses nor ports cancel each other out.
    constexpr std::uint64_t factor = 0x9e3779b97f4a7c15;
    std::uint64_t hash = load_be<std::uint32_t>(transport()) + (is_tcp ? factor : 0);
    for (Bytes rest = addresses(); !rest.empty(); rest = rest.subspan(8))
        hash = hash * factor + load_be<std::uint64_t>(rest);
    flow_hash_ = hash;
}

Bytes FlowSegment::addresses() const noexcept {
    return is_v4() ? bytes_.subspan(12, 8) : bytes_.subspan(8, 32);
}

bool FlowSegment::is_same_flow(const FlowSegment& other) const noexcept {
    return flow_hash_ == other.flow_hash_ && is_tcp_ == other.is_tcp_ &&
           equal(addresses(), other.addresses()) &&
           equal(transport().first(4), other.transport().first(4));
}

bool FlowSegment::may_be_joined() const noexcept {
    if (payload_size() == 0) return false;
    if (is_tcp_) return (flags() & (tcp_flag::syn | tcp_flag::rst | tcp_flag::urg)) == 0;
    return load_be<std::uint16_t>(transport().subspan(6)) != 0;
}

bool FlowSegment::follows(const FlowSegment& first, std::size_t count,
                          std::size_t payload_size) const noexcept {
    return same_ip_fields(first, count) && (!is_tcp_ || same_tcp_fields(first, payload_size));
}

bool FlowSegment::same_ip_fields(const FlowSegment& first, std::size_t count) const noexcept {
    const Bytes a = first.bytes_, b = bytes_;
    // Version, traffic class and flow label; next header and hop limit.
    if (!is_v4()) return equal(a.first(4), b.first(4)) && equal(a.subspan(6, 2), b.subspan(6, 2));
    // Version, size and TOS; flags; TTL and protocol.
    const bool same = equal(a.first(2), b.first(2)) && equal(a.subspan(6, 4), b.subspan(6, 4));
    const bool may_be_fragmented = (b[6] & 0x40) == 0;
    if (!same || !may_be_fragmented) return same;
    // Where it may be fragmented on its way, its ID counts; the kernel numbers segments in order.
    const auto id = static_cast<std::uint16_t>(load_be<std::uint16_t>(a.subspan(4)) + count);
    return load_be<std::uint16_t>(b.subspan(4)) == id;
}

bool FlowSegment::same_tcp_fields(const FlowSegment& first,
                                  std::size_t payload_size) const noexcept {
    const Bytes a = first.transport(), b = transport();
    const auto next =
        static_cast<std::uint32_t>(load_be<std::uint32_t>(a.subspan(4)) + payload_size);
    // CWR may stand in the first segment only; FIN and PSH are the last one's to have.
    constexpr std::uint8_t free_flags = tcp_flag::fin | tcp_flag::psh | tcp_flag::cwr;
    return transport_size_ == first.transport_size_ &&
           load_be<std::uint32_t>(b.subspan(4)) == next &&
           equal(a.subspan(8, 5), b.subspan(8, 5)) &&  // ack, size
           ((a[13] ^ b[13]) & ~unsigned{free_flags}) == 0 && (b[13] & tcp_flag::cwr) == 0 &&
           equal(a.subspan(14, 2), b.subspan(14, 2)) &&  // window
           equal(a.subspan(18, 2), b.subspan(18, 2)) &&  // urgent
           equal(a.first(transport_size_).subspan(20), b.first(transport_size_).subspan(20));
}

bool FlowSegment::is_sound() const noexcept {
    constexpr std::uint16_t all_ones = 0xffff;
    if (is_v4() && fold(sum_of(bytes_.first(v4_size))) != all_ones) return false;
    const std::size_t half = addresses().size() / 2;
    const Sum pseudo = pseudo_header_sum(addresses().first(half), addresses().subspan(half),
                                         is_tcp_ ? tcp_protocol : udp_protocol, transport().size());
    return fold(pseudo + sum_of(transport())) == all_ones;
}

}  // namespace wgns
