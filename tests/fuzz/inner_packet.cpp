// Any bytes as a plaintext: what is taken for an inner packet lies within it, and as its own header
// says. What a padded packet is cut to is the same packet.
#include "protocol/inner_packet.h"

#include <algorithm>
#include <vector>

#include "base/assert.h"

namespace {

using wgns::Bytes;
using wgns::InnerPacket;

void check(const InnerPacket& packet, Bytes bytes) {
    WG_ASSERT(packet.length() <= bytes.size());
    WG_ASSERT(packet.bytes().data() == bytes.data());
    if (packet.version() == 4) {
        WG_ASSERT(packet.length() >= 20 && packet.source().is_v4());
        WG_ASSERT(packet.length() == wgns::load_be<std::uint16_t>(bytes.subspan(2)));
    } else {
        WG_ASSERT(packet.version() == 6 && packet.length() >= 40);
        WG_ASSERT(!packet.source().is_v4() && !packet.destination().is_v4());
        const std::size_t payload = wgns::load_be<std::uint16_t>(bytes.subspan(4));
        WG_ASSERT(packet.length() == 40 + payload);
    }
    static_cast<void>(packet.protocol());
    static_cast<void>(packet.traffic_class());
}

void check_padding(const InnerPacket& packet, std::size_t mtu) {
    const std::size_t padded = wgns::padded_size(packet.length(), mtu);
    WG_ASSERT(padded >= packet.length() && padded - packet.length() < 16);
    std::vector<std::uint8_t> text(padded);
    std::copy(packet.bytes().begin(), packet.bytes().end(), text.begin());
    const auto again = InnerPacket::parse(text);
    WG_ASSERT(again && again->length() == packet.length());
    WG_ASSERT(again->source() == packet.source());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Of just that size, so that AddressSanitizer sees the byte after.
    const std::vector<std::uint8_t> bytes(data, data + size);
    const auto packet = InnerPacket::parse(bytes);
    if (!packet) return 0;
    check(*packet, bytes);
    for (const std::size_t mtu : {std::size_t{0}, std::size_t{1}, std::size_t{1280}, size})
        check_padding(*packet, mtu);
    return 0;
}
