#include "dataplane/superpacket.h"

#include <algorithm>
#include <optional>

namespace wgns {

namespace {

// Of its header: what must be known to repeat it. Sizes and offsets in bytes.
struct Transport {
    std::uint8_t protocol;
    std::size_t checksum;
    std::size_t header_size_min;
};
constexpr Transport tcp_transport{6, 16, 20}, udp_transport{17, 6, 8};
constexpr std::uint16_t tcp_fin = 0x01, tcp_psh = 0x08, tcp_cwr = 0x80;

std::size_t ip_header_size(const InnerPacket& packet) noexcept {
    return packet.version() == 4 ? std::size_t{packet.bytes()[0] & 0x0fu} * 4 : 40;
}

bool is_v4_fragment(Bytes header) noexcept {
    // MF and the offset; DF is no fragment's.
    return (load_be<std::uint16_t>(header.subspan(6)) & 0x3fff) != 0;
}

// IPv6 headers that may stand before a transport and be repeated in every segment. A fragment's may
// not, nor an authentication header, which covers the payload.
bool is_extension(std::uint8_t next) noexcept {
    constexpr std::uint8_t hop_by_hop = 0, routing = 43, destination_options = 60;
    return next == hop_by_hop || next == routing || next == destination_options;
}

// Where the protocol's header begins, which may be the packet's end. Nothing: it is another
// protocol's packet, or a part of one.
std::optional<std::size_t> transport_offset(const InnerPacket& packet,
                                            std::uint8_t protocol) noexcept {
    const Bytes bytes = packet.bytes();
    std::size_t offset = ip_header_size(packet);
    std::uint8_t next = packet.protocol();
    if (packet.version() == 4 && is_v4_fragment(bytes)) return std::nullopt;
    while (packet.version() == 6 && is_extension(next)) {
        if (bytes.size() < offset + 8) return std::nullopt;
        next = bytes[offset];
        offset += (bytes[offset + 1] + std::size_t{1}) * 8;
    }
    if (next != protocol || offset > bytes.size()) return std::nullopt;
    return offset;
}

// 0, which no header has, when it lies or is cut short.
std::size_t transport_header_size(Bytes bytes, const Transport& transport) noexcept {
    if (bytes.size() < transport.header_size_min) return 0;
    if (transport.protocol == udp_transport.protocol) return udp_transport.header_size_min;
    const std::size_t size = std::size_t{bytes[12]} / 16 * 4;
    return size < transport.header_size_min || size > bytes.size() ? 0 : size;
}

}  // namespace

Verdict<Superpacket> Superpacket::parse(Bytes frame) noexcept {
    if (frame.size() < VirtioHeader::size) return Drop::bad_virtio_header;
    const auto inner = InnerPacket::parse(frame.subspan(VirtioHeader::size));
    if (!inner) return Drop::not_ip;
    const VirtioHeader header = VirtioHeader::read(frame);
    const bool needs_checksum = (header.flags & VirtioHeader::needs_checksum) != 0;
    Superpacket packet(*inner);
    if (header.gso_type == VirtioHeader::no_gso) {
        if (needs_checksum && !packet.take_checksum(header)) return Drop::bad_virtio_header;
        return packet;
    }
    if (!needs_checksum || !packet.take_segments(header)) return Drop::bad_virtio_header;
    const std::size_t bytes = inner->length() + (packet.count_ - 1) * packet.head_size_;
    if (packet.count_ > segments_max || bytes > bytes_max) return Drop::too_big;
    packet.prepare_sums();
    return packet;
}

bool Superpacket::take_checksum(const VirtioHeader& header) noexcept {
    const std::size_t start = header.checksum_start;
    const std::size_t field = start + header.checksum_offset;
    // The IP header is not the transport's to change: the packet was routed by it.
    if (start < ip_header_size(inner_) || field + sizeof(std::uint16_t) > inner_.length())
        return false;
    kind_ = Kind::checksum;
    transport_ = head_size_ = start;
    checksum_ = field;
    return true;
}

bool Superpacket::take_segments(const VirtioHeader& header) noexcept {
    const bool udp = header.gso_type == VirtioHeader::udp_l4;
    const std::uint8_t tcp = inner_.version() == 4 ? VirtioHeader::tcp_v4 : VirtioHeader::tcp_v6;
    // ECN, which only TCP has, says that CWR is set; segments are written the same without it.
    if (!udp && (header.gso_type & ~unsigned{VirtioHeader::ecn}) != tcp) return false;
    const Transport& transport = udp ? udp_transport : tcp_transport;
    const auto offset = transport_offset(inner_, transport.protocol);
    if (header.gso_size == 0 || header.checksum_start != offset ||
        header.checksum_offset != transport.checksum)
        return false;
    const std::size_t header_size =
        transport_header_size(inner_.bytes().subspan(*offset), transport);
    if (header_size == 0) return false;
    kind_ = udp ? Kind::udp : Kind::tcp;
    transport_ = *offset;
    checksum_ = transport_ + transport.checksum;
    head_size_ = transport_ + header_size;
    step_ = header.gso_size;
    const std::size_t payload = inner_.length() - head_size_;
    count_ = std::max<std::size_t>((payload + step_ - 1) / step_, 1);
    return true;
}

void Superpacket::prepare_sums() noexcept {
    const Bytes ip = inner_.bytes();
    if (inner_.version() == 4) {
        ip_sum_ = sum_of(ip.first(2)) + sum_of(ip.subspan(6, 4)) +
                  sum_of(ip.subspan(12, ip_header_size(inner_) - 12));
    }
    // The field holds the pseudo-header's sum, from which the length of the whole is taken off by
    // adding its complement. Taken from there it is right under a routing header as well.
    const Bytes transport = ip.subspan(transport_, head_size_ - transport_);
    const auto length = static_cast<std::uint16_t>(ip.size() - transport_);
    transport_sum_ = sum_of(static_cast<std::uint16_t>(~length)) + sum_of(transport.first(4));
    if (kind_ == Kind::tcp)
        transport_sum_ += sum_of(transport.subspan(8, 4)) + sum_of(transport.subspan(14));
    else
        transport_sum_ += sum_of(transport.subspan(udp_transport.checksum, 2));
}

void Superpacket::write_segment(std::size_t i, MutableBytes out) const noexcept {
    WG_ASSERT(i < count_);
    WG_ASSERT(out.size() == segment_size(i));
    const Bytes bytes = inner_.bytes();
    copy_bytes(out, bytes.first(head_size_));
    if (kind_ == Kind::whole) return;
    const MutableBytes payload = out.subspan(head_size_);
    Sum sum = copy_and_sum(payload, bytes.subspan(head_size_ + i * step_, payload.size()));
    if (kind_ != Kind::checksum) write_ip(i, out);
    if (kind_ == Kind::tcp) sum += write_tcp(i, out);
    if (kind_ == Kind::udp) sum += write_udp(out);
    // Whose field lies where UDP's does is UDP's, or takes 0xffff for 0 as well.
    const bool udp = checksum_ - transport_ == udp_transport.checksum;
    store_checksum(out.subspan(checksum_), sum, udp);
}

void Superpacket::write_ip(std::size_t i, MutableBytes out) const noexcept {
    if (inner_.version() == 6) {
        store_be(out.subspan(4), static_cast<std::uint16_t>(out.size() - 40));
        return;
    }
    const auto length = static_cast<std::uint16_t>(out.size());
    const auto first_id = load_be<std::uint16_t>(inner_.bytes().subspan(4));
    const auto id = static_cast<std::uint16_t>(first_id + i);
    store_be(out.subspan(2), length);
    store_be(out.subspan(4), id);
    store_checksum(out.subspan(10), ip_sum_ + sum_of(length) + sum_of(id), false);
}

// Returns the sum of the header and pseudo-header.
Sum Superpacket::write_tcp(std::size_t i, MutableBytes out) const noexcept {
    const Bytes whole = inner_.bytes().subspan(transport_);
    const MutableBytes tcp = out.subspan(transport_);
    const auto sequence =
        static_cast<std::uint32_t>(load_be<std::uint32_t>(whole.subspan(4)) + i * step_);
    auto flags = load_be<std::uint16_t>(whole.subspan(12));
    if (i != 0) flags = static_cast<std::uint16_t>(flags & ~tcp_cwr);
    if (i + 1 != count_) flags = static_cast<std::uint16_t>(flags & ~(tcp_fin | tcp_psh));
    store_be(tcp.subspan(4), sequence);
    store_be(tcp.subspan(12), flags);
    return transport_sum_ + sum_of(static_cast<std::uint16_t>(sequence >> 16)) +
           sum_of(static_cast<std::uint16_t>(sequence)) + sum_of(flags) +
           sum_of(static_cast<std::uint16_t>(tcp.size()));
}

// Returns the sum of the header and pseudo-header.
Sum Superpacket::write_udp(MutableBytes out) const noexcept {
    const MutableBytes udp = out.subspan(transport_);
    const auto length = static_cast<std::uint16_t>(udp.size());
    store_be(udp.subspan(4), length);
    return transport_sum_ + 2 * sum_of(length);  // header and pseudo-header
}

}  // namespace wgns
