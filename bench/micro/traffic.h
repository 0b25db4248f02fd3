// What bulk traffic looks like at the TUN device and to whoever coalesces it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tests/dataplane/superpacket_model.h"

namespace wgns::traffic {

// Of each superpacket: 64 KiB hold no more at this MTU.
inline constexpr std::size_t mtu = 1420, segment_count = 45;

struct Kind {
    const char* name;
    model::Shape shape;  // segments of the whole MTU
};
[[nodiscard]] std::array<Kind, 4> kinds();

// Superpackets that differ in all but their shape, as TUN reads.
[[nodiscard]] std::vector<model::Packet> frames(const model::Shape& shape, std::size_t count);

}  // namespace wgns::traffic
