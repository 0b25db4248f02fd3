#include "scenario.h"

#include <algorithm>

#include "base/assert.h"

namespace wgns::sim {

namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// Of all misfortunes; what costs most CPU is rare.
constexpr std::array likely = {
    Event::rebind,      Event::rebind,    Event::rebind,         Event::restart,
    Event::restart,     Event::suspend,   Event::suspend,        Event::wall_jump,
    Event::wall_jump,   Event::keepalive, Event::keepalive,      Event::preshared_key,
    Event::private_key, Event::mtu,       Event::forget_sources, Event::link_down,
    Event::link_down,   Event::link_up,   Event::replay,         Event::replay,
    Event::replay,      Event::garbage,   Event::garbage,        Event::spoofed_packet,
};

}  // namespace

Scenario::Scenario(std::uint64_t seed, TimePoint start)
    : dice_(seed), end_(start), hosts_(static_cast<std::uint8_t>(dice_.between(2, 3))) {
    plan_phase();
}

Occurrence Scenario::take() {
    const Occurrence next = planned_.front();
    planned_.pop_front();
    if (planned_.empty()) plan_phase();
    return next;
}

void Scenario::plan_phase() {
    is_calm_ = !is_calm_;
    if (is_calm_)
        plan_calm(dice_.between(probe_time + 10s, 900s));
    else
        plan_trouble(dice_.between(30s, 900s));
    std::stable_sort(planned_.begin(), planned_.end(),
                     [](const Occurrence& a, const Occurrence& b) { return a.at < b.at; });
    WG_ASSERT(!planned_.empty());
}

void Scenario::plan_trouble(Duration length) {
    const TimePoint start = end_;
    end_ = start + length;
    add({.at = start, .event = Event::trouble, .conditions = conditions()});
    plan_traffic(start, end_, 200);
    const Duration mean = dice_.between(5s, 120s);
    for (TimePoint at = start; at < end_; at = at + dice_.between(1ms, 2 * mean))
        add(misfortune(at));
    if (dice_.permille(200))
        add({.at = start + dice_.between(0ms, length),
             .event = Event::flood,
             .host = any_host(),
             .amount = static_cast<std::uint32_t>(dice_.between(150, 400))});
    // A link comes back, and whoever was not told of a key is told in time.
    for (const Occurrence& what : std::deque(planned_)) {
        if (what.event == Event::link_down)
            add({.at = std::min(what.at + dice_.between(1ms, 60s), end_),
                 .event = Event::link_up,
                 .host = what.host});
        if (what.event != Event::preshared_key && what.event != Event::private_key) continue;
        for (std::uint8_t host = 1; host <= hosts_; ++host)
            add({.at = what.at + dice_.between(0ms, 20s), .event = Event::tell_keys, .host = host});
    }
}

void Scenario::plan_calm(Duration length) {
    const TimePoint start = end_;
    end_ = start + length;
    add({.at = start, .event = Event::calm});
    for (TimePoint at = start; at < start + probe_time; at = at + probe_interval)
        for (std::uint8_t host = 2; host <= hosts_; ++host) {
            add({.at = at, .event = Event::packets, .host = host, .other = 1, .amount = 1});
            add({.at = at, .event = Event::packets, .host = 1, .other = host, .amount = 1});
        }
    plan_traffic(start + probe_time, end_, 60);
}

void Scenario::plan_traffic(TimePoint from, TimePoint to, std::uint32_t burst_max) {
    for (std::uint8_t host = 2; host <= hosts_; ++host) {
        plan_direction(host, 1, from, to, burst_max);
        plan_direction(1, host, from, to, burst_max);
    }
}

void Scenario::plan_direction(std::uint8_t host, std::uint8_t other, TimePoint from, TimePoint to,
                              std::uint32_t burst_max) {
    enum { silent, sparse, steady, bursts, kinds };
    const auto kind = dice_.below(kinds);
    if (kind == silent) return;
    constexpr std::array<Duration, kinds> gaps{0s, 150s, 2s, 60s};
    const Duration gap = gaps[kind];
    for (TimePoint at = from + dice_.between(0ms, gap); at < to;
         at = at + dice_.between(gap / 10, 2 * gap))
        add({.at = at,
             .event = Event::packets,
             .host = host,
             .other = other,
             .amount = static_cast<std::uint32_t>(kind == bursts ? dice_.between(2, burst_max) : 1),
             .size = static_cast<std::uint32_t>(dice_.permille(50) ? dice_.between(28, 1420)
                                                                   : dice_.between(28, 100))});
}

Conditions Scenario::conditions() {
    const auto up_to = [&](unsigned most) { return static_cast<unsigned>(dice_.below(most + 1)); };
    Conditions drawn;
    drawn.loss_permille = dice_.permille(100) ? 1000 : up_to(300);
    drawn.duplicate_permille = up_to(100);
    drawn.damage_permille = up_to(50);
    drawn.delay_min = dice_.between(0ms, 100ms);
    drawn.delay_max = drawn.delay_min + dice_.between(0ms, dice_.permille(200) ? 6s : 200ms);
    return drawn;
}

Occurrence Scenario::misfortune(TimePoint at) {
    Occurrence what{.at = at, .event = likely[dice_.below(likely.size())], .host = any_host()};
    what.other = peer_of(what.host);
    set_details(what);
    return what;
}

void Scenario::set_details(Occurrence& what) {
    const auto amount = [&](std::uint64_t low, std::uint64_t high) {
        what.amount = static_cast<std::uint32_t>(dice_.between(low, high));
    };
    switch (what.event) {
        case Event::suspend:
            what.time = dice_.between(1s, dice_.permille(300) ? 700s : 30s);
            break;
        case Event::wall_jump:
            what.time = dice_.between(0s, 100'000s) - dice_.between(0s, 100'000s);
            break;
        case Event::keepalive:
            amount(1, 60);
            if (dice_.permille(500)) what.amount = 0;
            break;
        case Event::mtu:
            amount(dice_.permille(100) ? 0 : 68, 1500);
            break;
        case Event::replay:
        case Event::garbage:
            amount(1, 20);
            break;
        default:
            break;
    }
}

}  // namespace wgns::sim
