#include "network.h"

#include <algorithm>

namespace wgns::sim {

void Network::send(const Flight& flight, TimePoint now) {
    const int copies = dice_.permille(conditions_.duplicate_permille) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
        if (dice_.permille(conditions_.loss_permille)) continue;
        Flight sent = flight;
        if (sent.message && dice_.permille(conditions_.damage_permille)) damage(sent);
        const Duration delay = dice_.between(conditions_.delay_min, conditions_.delay_max);
        flights_.emplace(now + delay, std::move(sent));
    }
}

void Network::damage(Flight& flight) {
    auto& bytes = flight.datagram.bytes;
    flight.is_intact = false;
    switch (dice_.below(4)) {
        case 0:
            bytes.resize(dice_.below(bytes.size()));
            break;
        case 1:
            bytes.resize(bytes.size() + dice_.between(1, 64), 0x55);
            break;
        default:
            // Of an initiation or response, not mac2, which is only read under load.
            const std::size_t end =
                flight.message->type != MessageType::data ? bytes.size() - mac_size : bytes.size();
            bytes[dice_.below(end)] ^= static_cast<std::uint8_t>(1u << dice_.below(8));
            break;
    }
}

std::optional<Flight> Network::take(TimePoint now) {
    if (flights_.empty() || flights_.begin()->first > now) return std::nullopt;
    Flight arrived = std::move(flights_.begin()->second);
    flights_.erase(flights_.begin());
    return arrived;
}

bool Network::carries(MessageType type, std::uint8_t from, std::uint8_t to) const {
    return std::any_of(flights_.begin(), flights_.end(), [&](const auto& entry) {
        const auto& message = entry.second.message;
        return message && message->type == type && message->from == from && message->to == to;
    });
}

}  // namespace wgns::sim
