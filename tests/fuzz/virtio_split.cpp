// Any bytes as a TUN read: what is taken is cut without a byte read or written out of bounds, and
// the segments are packets that hold the payload in its order.
#include <algorithm>
#include <vector>

#include "dataplane/superpacket.h"

namespace {

using wgns::Bytes;
using wgns::InnerPacket;
using wgns::Superpacket;

using Segments = std::vector<std::vector<std::uint8_t>>;

Segments write_all(const Superpacket& superpacket) {
    Segments segments;
    for (std::size_t i = 0; i < superpacket.segment_count(); ++i) {
        // Of just that size, so that AddressSanitizer sees the byte after.
        segments.emplace_back(superpacket.segment_size(i));
        superpacket.write_segment(i, segments.back());
    }
    return segments;
}

void check_packets(const InnerPacket& whole, const Segments& segments) {
    for (const auto& segment : segments) {
        const auto packet = InnerPacket::parse(segment);
        WG_ASSERT(packet);
        WG_ASSERT(packet->length() == segment.size());
        WG_ASSERT(packet->source() == whole.source());
        WG_ASSERT(packet->destination() == whole.destination());
        WG_ASSERT(packet->protocol() == whole.protocol());
    }
}

// What is repeated in every segment follows from the sizes, and with it where the payload lies.
void check_payload(Bytes whole, const Segments& segments) {
    std::size_t bytes = 0;
    for (const auto& segment : segments)
        bytes += segment.size();
    const std::size_t repeats = segments.size() - 1;
    WG_ASSERT((bytes - whole.size()) % repeats == 0);
    const std::size_t head = (bytes - whole.size()) / repeats;
    WG_ASSERT(head >= 28);
    const std::size_t step = segments[0].size() - head;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const Bytes segment(segments[i]);
        WG_ASSERT(segment.size() > head);
        WG_ASSERT(i == repeats ? segment.size() <= head + step : segment.size() == head + step);
        const Bytes payload = segment.subspan(head);
        WG_ASSERT(std::equal(payload.begin(), payload.end(),
                             whole.subspan(head + i * step, payload.size()).begin()));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto superpacket = Superpacket::parse({data, size});
    if (!superpacket) return 0;
    const Bytes whole = superpacket->inner().bytes();
    const Segments segments = write_all(*superpacket);
    check_packets(superpacket->inner(), segments);
    if (segments.size() == 1)
        WG_ASSERT(segments[0].size() == whole.size());
    else
        check_payload(whole, segments);
    return 0;
}
