#include "ledger.h"

#include <algorithm>
#include <array>
#include <string>

namespace wgns::sim {

std::vector<std::uint8_t> Ledger::make(const Entry& entry) {
    entries_.push_back(entry);
    entries_.back().size = std::max(entry.size, packet_min);
    return bytes_of(entries_.size() - 1);
}

std::vector<std::uint8_t> Ledger::bytes_of(std::size_t number) const {
    const Entry& entry = entries_[number];
    std::vector<std::uint8_t> packet(entry.size, static_cast<std::uint8_t>(number | 1));
    const MutableBytes bytes = packet;
    copy_bytes(bytes, std::array<std::uint8_t, 20>{0x45, 0,  0, 0,       0,  0, 0x40, 0,
                                                   64,   99, 0, 0,       10, 0, 0,    entry.claims,
                                                   10,   0,  0, entry.to});
    store_be(bytes.subspan(2), static_cast<std::uint16_t>(entry.size));
    store_be(bytes.subspan(20), std::uint64_t{number});
    return packet;
}

void Ledger::promise(TimePoint now) {
    promises_.push_back({entries_.size() - 1, now, now + calm_latency});
}

Ledger::Entry* Ledger::find(Bytes packet) {
    if (packet.size() < packet_min) return nullptr;
    const auto number = load_be<std::uint64_t>(packet.subspan(20));
    if (number >= entries_.size()) return nullptr;
    const auto sent = bytes_of(number);
    const bool is_same = std::equal(sent.begin(), sent.end(), packet.begin(), packet.end());
    return is_same ? &entries_[number] : nullptr;
}

Ledger::Entry* Ledger::find_refused(Bytes packet) {
    constexpr std::size_t head_size = 28;  // IPv4 and ICMP
    constexpr std::uint8_t icmp = 1, unreachable = 3;
    if (packet.size() < head_size + packet_min || packet[9] != icmp || packet[20] != unreachable)
        return nullptr;
    const Bytes quote = packet.subspan(head_size);
    const auto number = load_be<std::uint64_t>(quote.subspan(20));
    if (number >= entries_.size()) return nullptr;
    const auto sent = bytes_of(number);
    const bool is_same =
        quote.size() <= sent.size() && std::equal(quote.begin(), quote.end(), sent.begin());
    return is_same ? &entries_[number] : nullptr;
}

void Ledger::crossed(std::uint8_t a, std::uint8_t b, TimePoint now) {
    crossings_[a + b] = now;
}

void Ledger::check(TimePoint now) {
    while (!promises_.empty() && promises_.front().due <= now) {
        Promise promise = promises_.front();
        promises_.pop_front();
        const Entry& entry = entries_[promise.number];
        if (entry.has_arrived || entry.is_excused) continue;
        const TimePoint crossing = last_crossing(entry);
        const TimePoint late = crossing + crossing_delay;
        if (!crossing.is_never() && now < late) {
            // Back in line, where the times to come are in order.
            promise.due = late;
            const auto place =
                std::upper_bound(promises_.begin(), promises_.end(), late,
                                 [](TimePoint due, const Promise& p) { return due < p.due; });
            promises_.insert(place, promise);
            continue;
        }
        failures_.add("healing",
                      "a packet of calm from " + std::to_string(entry.from) + " to " +
                          std::to_string(entry.to) + " did not arrive, and has " +
                          (entry.has_left ? "left" : "not even left"),
                      now);
    }
}

}  // namespace wgns::sim
