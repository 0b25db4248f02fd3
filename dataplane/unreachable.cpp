#include "dataplane/unreachable.h"

#include <algorithm>

#include "dataplane/checksum.h"

namespace wgns {

namespace {

constexpr std::size_t v4_header_size = 20, v6_header_size = 40, icmp_header_size = 8;
constexpr std::size_t v4_quote_max = 576 - v4_header_size - icmp_header_size;  // RFC 1812 4.3.2.3
constexpr std::uint8_t protocol_icmp = 1, protocol_icmp_v6 = 58;
constexpr std::uint8_t hop_limit = 64;

constexpr std::chrono::milliseconds interval{1};

bool is_one_host(const IpAddress& address) noexcept {
    const Bytes bytes = address.bytes();
    if (address == IpAddress{}) return false;
    if (address.is_v4()) return bytes[0] != 0 && bytes[0] < 224;  // neither "this" nor multicast
    return bytes[0] != 0xff;
}

// Of ICMPv4: what tells of trouble, RFC 1122 3.2.2.
bool is_v4_error(std::uint8_t type) noexcept {
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

// What lies behind these may be an ICMPv6 error; it is not looked for.
bool is_extension(std::uint8_t next_header) noexcept {
    return next_header == 0 || next_header == 43 || next_header == 44 || next_header == 60;
}

bool may_be_answered(const InnerPacket& packet) noexcept {
    if (!is_one_host(packet.source()) || !is_one_host(packet.destination())) return false;
    const Bytes bytes = packet.bytes();
    if (packet.version() == 4) {
        const bool is_later_fragment = (load_be<std::uint16_t>(bytes.subspan(6)) & 0x1fff) != 0;
        const std::size_t header_size = std::size_t{bytes[0] & 0x0fu} * 4;
        if (is_later_fragment) return false;
        if (packet.protocol() != protocol_icmp) return true;
        return bytes.size() > header_size && !is_v4_error(bytes[header_size]);
    }
    if (packet.protocol() != protocol_icmp_v6) return !is_extension(packet.protocol());
    // The upper half of the types is not about errors.
    return bytes.size() > v6_header_size && bytes[v6_header_size] >= 128;
}

std::size_t write_v4(const InnerPacket& packet, MutableBytes out) noexcept {
    const Bytes quote = packet.bytes().first(std::min(packet.length(), v4_quote_max));
    const std::size_t size = v4_header_size + icmp_header_size + quote.size();
    std::fill_n(out.begin(), v4_header_size + icmp_header_size, std::uint8_t{0});
    out[0] = 0x45;
    out[1] = 0xc0;  // internetwork control, RFC 1812 4.3.2.5
    store_be(out.subspan(2), static_cast<std::uint16_t>(size));
    out[8] = hop_limit;
    out[9] = protocol_icmp;
    copy_bytes(out.subspan(12), packet.destination().bytes());
    copy_bytes(out.subspan(16), packet.source().bytes());
    store_checksum(out.subspan(10, 2), sum_of(Bytes(out).first(v4_header_size)), false);
    const MutableBytes icmp = out.subspan(v4_header_size, icmp_header_size + quote.size());
    icmp[0] = 3;  // destination unreachable
    icmp[1] = 1;  // host
    copy_bytes(icmp.subspan(icmp_header_size), quote);
    store_checksum(icmp.subspan(2, 2), sum_of(Bytes(icmp)), false);
    return size;
}

std::size_t write_v6(const InnerPacket& packet, MutableBytes out) noexcept {
    const std::size_t room = unreachable_size_max - v6_header_size - icmp_header_size;
    const Bytes quote = packet.bytes().first(std::min(packet.length(), room));
    const MutableBytes icmp = out.subspan(v6_header_size, icmp_header_size + quote.size());
    std::fill_n(out.begin(), v6_header_size + icmp_header_size, std::uint8_t{0});
    out[0] = 0x60;
    store_be(out.subspan(4), static_cast<std::uint16_t>(icmp.size()));
    out[6] = protocol_icmp_v6;
    out[7] = hop_limit;
    const IpAddress from = packet.destination(), to = packet.source();
    copy_bytes(out.subspan(8), from.bytes());
    copy_bytes(out.subspan(24), to.bytes());
    icmp[0] = 1;  // destination unreachable
    icmp[1] = 3;  // address
    copy_bytes(icmp.subspan(icmp_header_size), quote);
    const Sum sum = pseudo_header_sum(from.bytes(), to.bytes(), protocol_icmp_v6, icmp.size()) +
                    sum_of(Bytes(icmp));
    store_checksum(icmp.subspan(2, 2), sum, false);
    return v6_header_size + icmp.size();
}

}  // namespace

std::size_t write_unreachable(const InnerPacket& packet,
                              std::span<std::uint8_t, unreachable_size_max> out) noexcept {
    if (!may_be_answered(packet)) return 0;
    return packet.version() == 4 ? write_v4(packet, out) : write_v6(packet, out);
}

void UnreachableAnswers::answer(Turn& turn, const InnerPacket& packet, TimePoint now) {
    if (!next_.is_never() && now < next_) return;
    if (!turn.has_room()) return;
    const std::size_t size = write_unreachable(packet, bytes_);
    if (size == 0) return;
    next_ = now + interval;
    const iovec piece{.iov_base = bytes_.data(), .iov_len = size};
    turn.write_tun(VirtioHeader{}, {&piece, 1});
}

}  // namespace wgns
