#include "protocol/staged.h"

#include <utility>

#include "protocol/limits.h"

namespace wgns {

std::size_t StagedPackets::push(Bytes packet) {
    packets_.emplace_back(packet.begin(), packet.end());
    bytes_ += packet.size();
    std::size_t dropped = 0;
    while (packets_.size() > limits::staged_packets_max || bytes_ > limits::staged_bytes_max) {
        static_cast<void>(pop());
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

std::vector<std::uint8_t> StagedPackets::pop() noexcept {
    WG_ASSERT(!packets_.empty());
    std::vector<std::uint8_t> oldest = std::move(packets_.front());
    packets_.pop_front();
    bytes_ -= oldest.size();
    return oldest;
}

}  // namespace wgns
