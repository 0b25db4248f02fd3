// Two or three hosts, the network between them and what happens to them, on one virtual clock that
// jumps from one event to the next.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "invariants.h"
#include "ledger.h"
#include "network.h"
#include "node.h"
#include "scenario.h"

namespace wgns::sim {

class Simulation {
public:
    explicit Simulation(std::uint64_t seed);

    // What broke first, or nothing. The same for the same seed and time.
    [[nodiscard]] std::optional<Failure> run(Duration time);

    struct Tally {
        std::uint64_t turns = 0;
        std::uint64_t datagrams = 0;
        std::uint64_t arrived = 0;  // inner packets
    };
    [[nodiscard]] Tally tally() const { return {turns_, datagrams_, ledger_.arrived()}; }

private:
    // --- what happens (simulation_events.cpp) ---
    void occur(const Occurrence& what);
    void occur_to(Node& node, const Occurrence& what);
    void calm();
    void send_packets(const Occurrence& what, std::uint8_t claims);
    void rebind(Node& node);
    void start(Node& node);
    void suspend(Node& node, Duration time);
    void resume(Node& node);
    void jump_wall(Node& node, Duration by);
    void change_psk(Node& node, std::uint8_t other);
    void new_identity(Node& node);
    void change_identity(Node& node);
    void tell_keys(Node& node);
    void set_keepalive(Node& node, std::uint32_t seconds);
    void bring_down(Node& node);
    void bring_up(Node& node);
    void flood(Node& node, std::uint32_t amount);
    void replay(std::uint32_t amount);
    void blind_stranger();
    void throw_garbage(const Node& node, std::uint32_t amount);
    // Makes the peer what it is to be by now.
    void configure(Node& node, std::uint8_t peer, bool with_endpoint);
    void post(Node& node, Command command);

    // --- the loop (simulation.cpp) ---
    void step();
    [[nodiscard]] TimePoint next_event();
    void carry();
    void notice(const Flight& flight);
    void turn(Node& node);
    void judge(Node& node);
    [[nodiscard]] Node& node(std::uint8_t number) { return nodes_[number - 1]; }
    [[nodiscard]] PresharedKey& psk(const Node& a, std::uint8_t b) {
        return psks_[static_cast<std::size_t>(a.number + b)];
    }
    [[nodiscard]] Node* at(const Endpoint& address);

    SimClock clock_;
    Failures failures_;
    Ledger ledger_{failures_};
    Invariants invariants_{failures_, ledger_, clock_};
    Dice dice_;
    SeededEntropy entropy_;
    Network network_;
    Scenario scenario_;
    std::vector<Node> nodes_;
    std::array<PresharedKey, 2 * nodes_max> psks_;  // by the sum of both numbers
    std::vector<Flight> seen_;                      // by a stranger, who may repeat it
    TimePoint calm_since_;                          // "never": there is trouble
    std::uint32_t turns_now_ = 0;                   // at this instant
    std::uint64_t turns_ = 0;
    std::uint64_t datagrams_ = 0;
};

}  // namespace wgns::sim
