// Received inner packets on their way to the TUN device: runs of one flow become one superpacket
// and one gathered write, without a copy. What a superpacket cannot say, such as a wrong checksum,
// keeps its packet out of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "dataplane/flow_segment.h"
#include "dataplane/offloads.h"
#include "dataplane/turn.h"
#include "protocol/inner_packet.h"

namespace wgns {

// Packets of one flow are written in the order in which they were added; flows may overtake each
// other. Nothing is allocated. One thread.
class Coalescer {
public:
    // What the device takes; the rest is written packet by packet.
    explicit Coalescer(Offloads offloads) noexcept : offloads_(offloads) {}

    // `bytes` are exactly the packet's, in a received buffer of this turn; headers may be changed
    // in place. Only while turn.has_room().
    void add(Turn& turn, const InnerPacket& packet, MutableBytes bytes);
    // Writes every run that is still open; at the end of every turn.
    void flush(Turn& turn);

private:
    // Of a gathered write. UDP: UDP_MAX_SEGMENTS before Linux 6.9; TCP: as many as a train has.
    static constexpr std::size_t udp_segments_max = 64, tcp_segments_max = 128;
    // Flows that may be open at a time. A train mostly carries one.
    static constexpr std::size_t runs_max = 8;

    struct Run {
        std::optional<FlowSegment> first;  // none: free
        MutableBytes first_bytes;
        std::size_t payload_size = 0;  // of all
        std::size_t count = 0;
        std::uint8_t flags = 0;  // of all
        bool is_sound = false;   // the first one's checksums were looked at
        std::array<iovec, tcp_segments_max> pieces;
    };

    [[nodiscard]] bool is_offloaded(const FlowSegment& segment) const noexcept;
    [[nodiscard]] Run* find(const FlowSegment& segment) noexcept;
    [[nodiscard]] bool join(Run& run, const FlowSegment& segment, MutableBytes bytes) noexcept;
    void open(Turn& turn, const FlowSegment& segment, MutableBytes bytes);
    void close(Turn& turn, Run& run);

    Offloads offloads_;
    std::size_t latest_ = 0;  // run that was used last
    std::size_t next_ = 0;    // run that is taken for the next flow
    std::array<Run, runs_max> runs_{};
};

}  // namespace wgns
