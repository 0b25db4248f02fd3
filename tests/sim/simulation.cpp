#include "simulation.h"

#include <algorithm>

#include "dataplane/turn.h"

namespace wgns::sim {

namespace {

// At one instant a host needs a few turns for what has arrived, however much that is.
constexpr std::uint32_t turns_max = 500;
constexpr std::size_t seen_max = 64;
// What a socket holds for a host that sleeps.
constexpr std::size_t socket_max = 16;

TimePoint earlier(TimePoint a, TimePoint b) {
    if (a.is_never()) return b;
    return b.is_never() ? a : std::min(a, b);
}

}  // namespace

Simulation::Simulation(std::uint64_t seed)
    : dice_(seed + 1), entropy_(seed + 2), network_(seed + 3), scenario_(seed, clock_.now()) {
    nodes_.resize(scenario_.hosts());
    for (std::uint8_t number = 1; number <= nodes_.size(); ++number) {
        Node& made = node(number);
        made.number = number;
        made.address.port = 51820;
        made.address.address = IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, number});
        for (std::uint8_t other = 1; other <= nodes_.size(); ++other)
            if (other != number && (other == 1 || number == 1)) made.peers.push_back(other);
        new_identity(made);
    }
    for (Node& each : nodes_)
        start(each);
}

std::optional<Failure> Simulation::run(Duration time) {
    const TimePoint end = clock_.now() + time;
    while (!failures_.first() && clock_.now() < end)
        step();
    return failures_.first();
}

void Simulation::step() {
    const TimePoint now = std::max(next_event(), clock_.now());
    if (now != clock_.now()) turns_now_ = 0;
    clock_.advance(now - clock_.now());
    while (scenario_.next_at() <= now)
        occur(scenario_.take());
    carry();
    for (Node& each : nodes_) {
        if (each.is_suspended && !each.resumes_at.is_never() && each.resumes_at <= now)
            resume(each);
        if (each.is_suspended) continue;
        const TimePoint deadline = each.host->next_deadline();
        const bool is_due = !deadline.is_never() && deadline <= now;
        if (is_due || !each.waiting.empty() || !each.host->ports.to_read.empty()) turn(each);
    }
    ledger_.check(now);
}

TimePoint Simulation::next_event() {
    TimePoint next = earlier(scenario_.next_at(), network_.next_arrival());
    for (Node& each : nodes_)
        next = earlier(next, each.is_suspended ? each.resumes_at : each.host->next_deadline());
    return next;
}

// To whoever has the address by now.
void Simulation::carry() {
    while (auto flight = network_.take(clock_.now())) {
        Node* const to = at(flight->datagram.to);
        if (!to || (to->is_suspended && to->waiting.size() >= socket_max)) continue;
        to->waiting.push_back(*std::move(flight));
    }
}

Node* Simulation::at(const Endpoint& address) {
    for (Node& each : nodes_)
        if (each.address.same_remote(address)) return &each;
    return nullptr;
}

// As many turns as it takes until nothing waits.
void Simulation::turn(Node& node) {
    MemoryPorts& ports = node.host->ports;
    do {
        for (std::size_t i = 0; i < Turn::trains_max && !node.waiting.empty(); ++i) {
            Flight flight = std::move(node.waiting.front());
            node.waiting.pop_front();
            const auto type = classify_message(flight.datagram.bytes);
            if (type && *type != MessageType::data) ++node.waiting_handshakes;
            invariants_.before_receiving(node, flight);
            ports.to_receive.push_back(std::move(flight.datagram));
        }
        node.host->turn();
        judge(node);
        node.waiting_handshakes -=
            std::min(node.waiting_handshakes, limits::handshakes_per_turn_max);
    } while (!node.waiting.empty() || !ports.to_read.empty() || node.waiting_handshakes > 0);
}

void Simulation::judge(Node& node) {
    ++turns_;
    if (++turns_now_ > turns_max)
        failures_.add("bounded", "a host takes turn after turn, and no time passes", clock_.now());
    for (const Flight& flight : invariants_.after_turn(node)) {
        ++datagrams_;
        const Message& message = *flight.message;
        if (message.type == MessageType::initiation &&
            network_.carries(MessageType::initiation, message.to, message.from))
            ledger_.crossed(message.from, message.to, clock_.now());
        network_.send(flight, clock_.now());
    }
    for (const Flight& flight : invariants_.take_used_up())
        notice(flight);
}

void Simulation::notice(const Flight& flight) {
    if (seen_.size() < seen_max)
        seen_.push_back(flight);
    else
        seen_[dice_.below(seen_max)] = flight;
}

}  // namespace wgns::sim
