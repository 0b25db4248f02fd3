#include "dataplane/coalesce.h"

#include "dataplane/checksum.h"

namespace wgns {

namespace {

constexpr std::size_t ip_length_max = 65'535;

void write_alone(Turn& turn, MutableBytes bytes) {
    const iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
    turn.write_tun({}, {&piece, 1});
}

// Lengths and IPv4's checksum for a packet of `length` bytes in all.
void set_ip_length(const FlowSegment& first, MutableBytes header, std::size_t length) noexcept {
    if (!first.is_v4()) {
        store_be(header.subspan(4), static_cast<std::uint16_t>(length - first.ip_size()));
        return;
    }
    store_be(header.subspan(2), static_cast<std::uint16_t>(length));
    store_be(header.subspan(10), std::uint16_t{0});
    store_checksum(header.subspan(10), sum_of(header.first(first.ip_size())), false);
}

// The sum of the pseudo-header alone: the kernel adds the rest for every segment that it cuts
// (NEEDS_CSUM).
void set_partial_checksum(const FlowSegment& first, MutableBytes header,
                          std::size_t length) noexcept {
    const Bytes addresses = first.is_v4() ? header.subspan(12, 8) : header.subspan(8, 32);
    const std::size_t half = addresses.size() / 2;
    const std::uint8_t protocol = first.is_v4() ? header[9] : header[6];
    const std::uint16_t sum = fold(pseudo_header_sum(addresses.first(half), addresses.subspan(half),
                                                     protocol, length - first.ip_size()));
    std::memcpy(&header[first.ip_size() + first.checksum_offset()], &sum, sizeof sum);
}

VirtioHeader virtio_header(const FlowSegment& first, std::size_t segment_size) noexcept {
    VirtioHeader header;
    header.flags = VirtioHeader::needs_checksum;
    header.gso_type = !first.is_tcp() ? VirtioHeader::udp_l4
                      : first.is_v4() ? VirtioHeader::tcp_v4
                                      : VirtioHeader::tcp_v6;
    if ((first.flags() & tcp_flag::cwr) != 0) header.gso_type |= VirtioHeader::ecn;
    header.header_size = static_cast<std::uint16_t>(first.header_size());
    header.gso_size = static_cast<std::uint16_t>(segment_size);
    header.checksum_start = static_cast<std::uint16_t>(first.ip_size());
    header.checksum_offset = static_cast<std::uint16_t>(first.checksum_offset());
    return header;
}

}  // namespace

void Coalescer::add(Turn& turn, const InnerPacket& packet, MutableBytes bytes) {
    const auto segment = FlowSegment::parse(packet);
    if (!segment) {
        // A part of any flow, for all that can be told.
        flush(turn);
        return write_alone(turn, bytes);
    }
    if (!is_offloaded(*segment)) return write_alone(turn, bytes);
    if (Run* const run = find(*segment)) {
        if (join(*run, *segment, bytes)) {
            // A shorter one cannot have another behind it, and neither can a push.
            const bool is_last = segment->payload_size() < run->first->payload_size() ||
                                 (segment->flags() & (tcp_flag::fin | tcp_flag::psh)) != 0;
            if (is_last) close(turn, *run);
            return;
        }
        close(turn, *run);
    }
    const bool ends_itself = (segment->flags() & (tcp_flag::fin | tcp_flag::psh)) != 0;
    if (ends_itself || !segment->may_be_joined()) return write_alone(turn, bytes);
    open(turn, *segment, bytes);
}

bool Coalescer::is_offloaded(const FlowSegment& segment) const noexcept {
    return segment.is_tcp() ? offloads_.tcp : offloads_.udp;
}

Coalescer::Run* Coalescer::find(const FlowSegment& segment) noexcept {
    for (std::size_t i = 0; i < runs_max; ++i) {
        const std::size_t at = (latest_ + i) % runs_max;
        Run& run = runs_[at];
        if (!run.first || !run.first->is_same_flow(segment)) continue;
        latest_ = at;
        return &run;
    }
    return nullptr;
}

bool Coalescer::join(Run& run, const FlowSegment& segment, MutableBytes bytes) noexcept {
    const FlowSegment& first = *run.first;
    const std::size_t most = first.is_tcp() ? tcp_segments_max : udp_segments_max;
    const std::size_t payload_size = run.payload_size + segment.payload_size();
    const bool fits = segment.may_be_joined() && run.count < most &&
                      segment.payload_size() <= first.payload_size() &&
                      first.header_size() + payload_size <= ip_length_max &&
                      segment.follows(first, run.count, run.payload_size);
    if (!fits) return false;
    // The kernel is going to believe every checksum of a superpacket.
    run.is_sound = run.is_sound || first.is_sound();
    if (!run.is_sound || !segment.is_sound()) return false;
    const MutableBytes payload = bytes.subspan(segment.header_size());
    run.pieces[run.count++] = {.iov_base = payload.data(), .iov_len = payload.size()};
    run.payload_size = payload_size;
    run.flags |= segment.flags();
    return true;
}

void Coalescer::open(Turn& turn, const FlowSegment& segment, MutableBytes bytes) {
    Run& run = runs_[next_];
    if (run.first) close(turn, run);
    latest_ = next_;
    next_ = (next_ + 1) % runs_max;
    run.first = segment;
    run.first_bytes = bytes;
    run.payload_size = segment.payload_size();
    run.count = 1;
    run.flags = segment.flags();
    run.is_sound = false;
    run.pieces[0] = {.iov_base = bytes.data(), .iov_len = bytes.size()};
}

void Coalescer::close(Turn& turn, Run& run) {
    const FlowSegment first = *run.first;
    run.first.reset();
    if (run.count == 1) return write_alone(turn, run.first_bytes);
    const std::size_t length = first.header_size() + run.payload_size;
    const std::size_t segment_size = first.payload_size();
    const VirtioHeader header = virtio_header(first, segment_size);
    set_ip_length(first, run.first_bytes, length);
    set_partial_checksum(first, run.first_bytes, length);
    if (first.is_tcp())
        run.first_bytes[first.ip_size() + 13] = run.flags;
    else
        store_be(run.first_bytes.subspan(first.ip_size() + 4),
                 static_cast<std::uint16_t>(length - first.ip_size()));
    turn.write_tun(header, std::span(run.pieces).first(run.count));
}

void Coalescer::flush(Turn& turn) {
    for (Run& run : runs_)
        if (run.first) close(turn, run);
}

}  // namespace wgns
