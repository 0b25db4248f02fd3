#include "protocol/staged.h"

#include "protocol/limits.h"

namespace wgns {

std::size_t StagedPackets::push(Bytes packet) {
    packets_.emplace_back(packet.begin(), packet.end());
    bytes_ += packet.size();
    std::size_t dropped = 0;
    while (packets_.size() > limits::staged_packets_max || bytes_ > limits::staged_bytes_max) {
        pop();
        ++dropped;
    }
    return dropped;
}

std::size_t StagedPackets::clear() noexcept {
    const std::size_t dropped = packets_.size();
    packets_.clear();
    bytes_ = 0;
    return dropped;
}

void StagedPackets::pop() noexcept {
    WG_ASSERT(!packets_.empty());
    bytes_ -= packets_.front().size();
    packets_.pop_front();
}

}  // namespace wgns
