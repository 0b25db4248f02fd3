#include "memory_io.h"

#include <algorithm>
#include <utility>

namespace wgns::sim {

bool MemoryIo::collect(Turn& turn) {
    turn.clear_received();
    turn.has_commands = std::exchange(ports_.has_commands, false);
    frames_.clear();
    datagrams_.clear();
    while (!ports_.to_read.empty() && frames_.size() < Turn::frames_max) {
        auto& frame = frames_.emplace_back(VirtioHeader::size);
        const auto& packet = ports_.to_read.front();
        frame.insert(frame.end(), packet.begin(), packet.end());
        ports_.to_read.pop_front();
        turn.from_tun.push_back({frames_.back()});
    }
    while (!ports_.to_receive.empty() && datagrams_.size() < Turn::trains_max) {
        datagrams_.push_back(std::move(ports_.to_receive.front()));
        ports_.to_receive.pop_front();
        Datagram& datagram = datagrams_.back();
        const auto size = static_cast<std::uint32_t>(datagram.bytes.size());
        turn.from_udp.push_back({datagram.from, datagram.tos, size, datagram.bytes});
    }
    return true;
}

void MemoryIo::submit(Turn& turn) {
    for (const TunWrite& write : turn.to_tun) {
        auto& packet = ports_.written.emplace_back();
        for (std::uint32_t i = 1; i < write.count; ++i) {  // behind the header
            const iovec& piece = turn.pieces[write.first + i];
            const auto* const bytes = static_cast<const std::uint8_t*>(piece.iov_base);
            packet.insert(packet.end(), bytes, bytes + piece.iov_len);
        }
    }
    for (const TrainRef& train : turn.to_udp.trains()) {
        MutableBytes rest = train->bytes();
        while (!rest.empty()) {
            const std::size_t size = std::min<std::size_t>(train->segment_size, rest.size());
            ports_.sent.push_back({ports_.address,
                                   train->to,
                                   {rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size)},
                                   train->tos});
            rest = rest.subspan(size);
        }
    }
    turn.to_udp.trains().clear();
}

}  // namespace wgns::sim
