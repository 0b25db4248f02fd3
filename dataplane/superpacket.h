// What one TUN read stands for: a packet, or a superpacket that the kernel left to its reader to
// cut up (TSO, USO); either with a checksum to finish (Virtual I/O Device 1.2, section 5.1.6.2).
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "dataplane/checksum.h"
#include "dataplane/virtio_header.h"
#include "protocol/drop.h"
#include "protocol/inner_packet.h"

namespace wgns {

// Holding a Superpacket is the proof that its headers and lengths are sound and agree, so nothing
// is checked again. Valid as long as the frame it was parsed from, which stays as it is.
class Superpacket {
public:
    // What a frame may grow to: 64 KiB in the smallest segments that Linux cuts itself, of 8 bytes
    // (include/net/tcp.h, TCP_MIN_GSO_SIZE), behind 120 bytes of IPv4 and TCP header each. Not a
    // limit of gso_size, because what is forwarded was merged from segments of any size; the bytes
    // are for IPv6, whose extension headers are repeated too.
    static constexpr std::size_t segments_max = 8'192;
    static constexpr std::size_t bytes_max = segments_max * 128;

    // A virtio-net header and the packet behind it; after the packet's own end the frame is
    // padding. header_size, which may lie, is not read, nor the length in a UDP header. What is a
    // superpacket by the header must be whole TCP or UDP behind nothing but IPv4 options, or IPv6
    // hop-by-hop, routing and destination options.
    //   Drop::not_ip             see InnerPacket
    //   Drop::bad_virtio_header  cut short, unknown, or not what the packet says
    //   Drop::too_big            grows to more than the above
    [[nodiscard]] static Verdict<Superpacket> parse(Bytes frame) noexcept;

    // The whole. Its addresses are those of every segment, its lengths and checksums are not.
    [[nodiscard]] const InnerPacket& inner() const noexcept { return inner_; }
    // Inner packets to send, at least one.
    [[nodiscard]] std::size_t segment_count() const noexcept { return count_; }
    // Bytes of inner packet i with its headers; only the last may differ, and is shorter.
    [[nodiscard]] std::size_t segment_size(std::size_t i) const noexcept {
        return i + 1 < count_ ? head_size_ + step_ : inner_.length() - (count_ - 1) * step_;
    }
    // Writes inner packet i to `out`, segment_size(i) bytes outside the frame. Its checksums are
    // complete; but a partial sum in the frame is the kernel's, and would stay wrong if it were.
    void write_segment(std::size_t i, MutableBytes out) const noexcept;

private:
    enum class Kind : std::uint8_t { whole, checksum, tcp, udp };

    // As the header of a packet without offloads says: one segment, a copy.
    explicit Superpacket(const InnerPacket& inner) noexcept
        : inner_(inner), head_size_(inner.length()) {}

    [[nodiscard]] bool take_checksum(const VirtioHeader& header) noexcept;
    [[nodiscard]] bool take_segments(const VirtioHeader& header) noexcept;
    void prepare_sums() noexcept;

    void write_ip(std::size_t i, MutableBytes out) const noexcept;
    [[nodiscard]] Sum write_tcp(std::size_t i, MutableBytes out) const noexcept;
    [[nodiscard]] Sum write_udp(MutableBytes out) const noexcept;

    InnerPacket inner_;
    Kind kind_ = Kind::whole;
    std::size_t transport_ = 0;  // offset: where the checksum's sum begins
    std::size_t checksum_ = 0;   // offset: where it goes
    std::size_t head_size_;      // bytes that every segment begins with
    std::size_t step_ = 0;       // bytes of payload in every segment but the last
    std::size_t count_ = 1;
    // Of the headers, without what differs between segments.
    Sum ip_sum_ = 0;
    Sum transport_sum_ = 0;
};

}  // namespace wgns
