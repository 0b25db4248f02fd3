#include "dataplane/turn.h"

namespace wgns {

Turn::Turn() : to_udp(sends_max) {
    from_tun.reserve(frames_max);
    from_udp.reserve(trains_max);
    to_tun.reserve(writes_max);
    pieces.reserve(writes_max);
}

void Turn::write_tun(MutableBytes packet) {
    WG_ASSERT(to_tun.size() < writes_max);
    to_tun.push_back({.first = static_cast<std::uint32_t>(pieces.size()), .count = 1});
    pieces.push_back({.iov_base = packet.data(), .iov_len = packet.size()});
}

void Turn::clear_received() noexcept {
    from_tun.clear();
    from_udp.clear();
    to_tun.clear();
    pieces.clear();
}

}  // namespace wgns
