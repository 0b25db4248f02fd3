#include "dataplane/turn.h"

#include <algorithm>

namespace wgns {

namespace {

constexpr std::size_t flood_count_min = 4, flood_bytes_max = 4096;

}  // namespace

Turn::Turn() : to_udp(sends_max) {
    from_tun.reserve(frames_max);
    from_udp.reserve(trains_max);
    to_tun.reserve(writes_max);
    // Every packet is one piece at least, and has a header where it is a write of its own.
    pieces.reserve(2 * writes_max);
    headers.reserve(writes_max);
}

void Turn::write_tun(const VirtioHeader& header, std::span<const iovec> packet) {
    WG_ASSERT(to_tun.size() < writes_max && pieces.size() + packet.size() < pieces.capacity());
    to_tun.push_back({.first = static_cast<std::uint32_t>(pieces.size()),
                      .count = static_cast<std::uint32_t>(packet.size() + 1)});
    header.write(headers.emplace_back());
    pieces.push_back({.iov_base = headers.back().data(), .iov_len = VirtioHeader::size});
    pieces.insert(pieces.end(), packet.begin(), packet.end());
}

bool Turn::is_flood() const noexcept {
    const auto is_small = [](const auto& each) { return each.bytes.size() <= flood_bytes_max; };
    return from_tun.size() + from_udp.size() >= flood_count_min &&
           std::all_of(from_tun.begin(), from_tun.end(), is_small) &&
           std::all_of(from_udp.begin(), from_udp.end(), is_small);
}

// Nothing is said while there were none, and a new socket begins with none.
void Turn::count_overflows(const ReceivedTrain& train) noexcept {
    if (train.overflows == 0) return;
    std::uint32_t& counted = overflows_[train.from.address.is_v4() ? 0 : 1];
    if (train.overflows < counted) counted = 0;
    drops.count(Drop::receive_queue_full, train.overflows - counted);
    counted = train.overflows;
}

void Turn::clear_received() noexcept {
    from_tun.clear();
    from_udp.clear();
    received_bytes = 0;
    to_tun.clear();
    pieces.clear();
    headers.clear();
}

}  // namespace wgns
