// The inner packets that programs on the hosts send: each says which it is, so that what arrives
// can be held against what was sent.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/bytes.h"
#include "failure.h"

namespace wgns::sim {

class Ledger {
public:
    static constexpr std::size_t packet_min = 28;
    // A packet in time of calm arrives within this, a handshake included.
    static constexpr Duration calm_latency = std::chrono::milliseconds(250);
    // Two initiations that cross may refuse each other, and both sides begin anew.
    static constexpr Duration crossing_delay = std::chrono::milliseconds(6500);

    struct Entry {
        std::uint8_t from = 0;
        std::uint8_t to = 0;
        std::uint8_t claims = 0;  // whose inner address it has as its source
        std::size_t size = 0;
        bool has_left = false;
        bool has_arrived = false;
        bool is_excused = false;  // may be lost even in time of calm
    };

    explicit Ledger(Failures& failures) : failures_(failures) {}

    // The bytes of a new packet, from its header on.
    [[nodiscard]] std::vector<std::uint8_t> make(const Entry& entry);
    // The packet made last is to arrive.
    void promise(TimePoint now);
    void forget_promises() { promises_.clear(); }
    // Null: not one of ours, or its bytes were changed.
    [[nodiscard]] Entry* find(Bytes packet);
    // The entry whose packet this one, an ICMP unreachable, is about; null: it is about none.
    [[nodiscard]] Entry* find_refused(Bytes packet);
    void crossed(std::uint8_t a, std::uint8_t b, TimePoint now);
    // Promises whose time is over.
    void check(TimePoint now);
    [[nodiscard]] std::uint64_t arrived() const { return arrived_; }
    void arrive(Entry& entry) {
        entry.has_arrived = true;
        ++arrived_;
    }

private:
    struct Promise {
        std::size_t number = 0;
        TimePoint made;
        TimePoint due;
    };

    [[nodiscard]] std::vector<std::uint8_t> bytes_of(std::size_t number) const;
    [[nodiscard]] TimePoint last_crossing(const Entry& entry) const {
        return crossings_[entry.from + entry.to];
    }

    Failures& failures_;
    std::vector<Entry> entries_;
    std::deque<Promise> promises_;
    TimePoint crossings_[8];  // by the sum of both numbers, which tells pairs of three apart
    std::uint64_t arrived_ = 0;
};

}  // namespace wgns::sim
