// What one peer is to get and has no session for yet, oldest first (kernel queueing.h,
// staged_packet_queue): packets as the data plane read them, which this file does not look into.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/bytes.h"

namespace wgns {

class StagedPackets {
public:
    // Copies the packet to the end. What is over limits::staged_packets_max or staged_bytes_max is
    // dropped from the front. Returns how many were dropped.
    std::size_t push(Bytes packet);
    // Drops everything; returns how many packets that were.
    std::size_t clear() noexcept;

    [[nodiscard]] bool empty() const noexcept { return packets_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return packets_.size(); }
    // Takes out the oldest; only when not empty.
    [[nodiscard]] std::vector<std::uint8_t> pop() noexcept;

private:
    // Allocates: a peer stages for the length of a handshake, never while its session carries data.
    std::deque<std::vector<std::uint8_t>> packets_;
    std::size_t bytes_ = 0;
};

}  // namespace wgns
