// What happens to the hosts, and when: phases of trouble and of calm in turn, all of it from a
// seed. A scenario only tells; it knows nothing of the hosts.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "dice.h"
#include "network.h"

namespace wgns::sim {

enum class Event : std::uint8_t {
    calm,            // everything is put right, the network too
    trouble,         // `conditions` hold from now on
    packets,         // `amount` packets of `size` bytes from `host` to `other`
    spoofed_packet,  // from `host` to `other`, with the address of a third
    rebind,          // `host` has another outer address
    restart,         // `host`, without a pause
    suspend,         // `host`, for `time`
    wall_jump,       // of `host`, by `time`, which may be negative
    preshared_key,   // a new one for both, of which `host` knows at once and `other` later
    private_key,     // a new one for `host`, which the others learn later
    tell_keys,       // `host` learns what has changed
    keepalive,       // persistent ones of `host`, every `amount` seconds; 0: off
    mtu,             // of `host`: `amount`
    forget_sources,  // at `host`
    link_down,       // at `host`
    link_up,         // at `host`, which may be up
    flood,           // a stranger asks `host` for `amount` handshakes at once
    replay,          // a stranger repeats `amount` datagrams
    garbage,         // a stranger sends `host` bytes that mean nothing
};

struct Occurrence {
    TimePoint at;
    Event event = Event::calm;
    std::uint8_t host = 0;
    std::uint8_t other = 0;
    std::uint32_t amount = 0;
    std::uint32_t size = 0;
    Duration time{};
    Conditions conditions{};
};

class Scenario {
public:
    // Both sides of each pair send this often at the begin of a calm, and this long.
    static constexpr Duration probe_interval = std::chrono::seconds(1);
    static constexpr Duration probe_time = std::chrono::seconds(30);

    // Host 1 is everybody's peer; the others, up to `hosts`, are only its.
    Scenario(std::uint64_t seed, TimePoint start);

    [[nodiscard]] std::uint8_t hosts() const { return hosts_; }
    [[nodiscard]] TimePoint next_at() const { return planned_.front().at; }
    [[nodiscard]] Occurrence take();

private:
    void plan_phase();
    void plan_trouble(Duration length);
    void plan_calm(Duration length);
    void plan_traffic(TimePoint from, TimePoint to, std::uint32_t burst_max);
    void plan_direction(std::uint8_t host, std::uint8_t other, TimePoint from, TimePoint to,
                        std::uint32_t burst_max);
    [[nodiscard]] Conditions conditions();
    [[nodiscard]] Occurrence misfortune(TimePoint at);
    void set_details(Occurrence& what);
    void add(const Occurrence& what) { planned_.push_back(what); }
    [[nodiscard]] std::uint8_t any_host() {
        return static_cast<std::uint8_t>(dice_.between(1, hosts_));
    }
    // Some peer of it.
    [[nodiscard]] std::uint8_t peer_of(std::uint8_t host) {
        return static_cast<std::uint8_t>(host == 1 ? dice_.between(2, hosts_) : 1);
    }

    Dice dice_;
    TimePoint end_;  // of what is planned
    std::uint8_t hosts_;
    bool is_calm_ = true;
    std::deque<Occurrence> planned_;  // in order
};

}  // namespace wgns::sim
