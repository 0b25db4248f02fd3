// The network between simulated hosts: it loses, delays, reorders, repeats and damages datagrams
// as its dice fall. Where an address leads is not its affair.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "dice.h"
#include "memory_io.h"
#include "protocol/messages.h"

namespace wgns::sim {

struct Conditions {
    unsigned loss_permille = 0;
    unsigned duplicate_permille = 0;
    unsigned damage_permille = 0;
    Duration delay_min = std::chrono::milliseconds(5);
    Duration delay_max = std::chrono::milliseconds(20);
};

// What a host really sent, for whoever judges what comes of it.
struct Message {
    MessageType type = MessageType::data;
    std::uint8_t from = 0;  // numbers of hosts
    std::uint8_t to = 0;
    std::vector<std::uint8_t> inner;  // what data holds; empty: a keepalive
};

struct Flight {
    Datagram datagram;
    std::shared_ptr<const Message> message;  // none: a stranger made it
    bool is_intact = true;
    bool is_replay = false;  // a stranger sent it, who had seen it
};

class Network {
public:
    explicit Network(std::uint64_t seed) : dice_(seed) {}

    void set_conditions(const Conditions& conditions) { conditions_ = conditions; }
    // Nothing that is under way arrives.
    void clear() { flights_.clear(); }
    // Nor what a stranger repeats.
    void stop_replays() {
        std::erase_if(flights_, [](const auto& entry) { return entry.second.is_replay; });
    }
    void send(const Flight& flight, TimePoint now);
    // "Never": nothing is under way.
    [[nodiscard]] TimePoint next_arrival() const {
        return flights_.empty() ? TimePoint{} : flights_.begin()->first;
    }
    // The next that has arrived by now.
    [[nodiscard]] std::optional<Flight> take(TimePoint now);
    // Whether a message of this type is on its way between two hosts.
    [[nodiscard]] bool carries(MessageType type, std::uint8_t from, std::uint8_t to) const;

private:
    void damage(Flight& flight);

    Dice dice_;
    Conditions conditions_;
    std::multimap<TimePoint, Flight> flights_;  // by arrival; in the order of sending if equal
};

}  // namespace wgns::sim
