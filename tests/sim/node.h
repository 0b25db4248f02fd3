// A host of a simulation and what stays of it when it is started anew.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "host.h"
#include "network.h"
#include "protocol/handshake.h"

namespace wgns::sim {

inline constexpr std::size_t nodes_max = 3;

[[nodiscard]] inline IpAddress inner_address(std::uint8_t number) {
    return IpAddress::v4(std::array<std::uint8_t, 4>{10, 0, 0, number});
}

struct Node {
    std::uint8_t number = 0;
    std::vector<std::uint8_t> peers;  // their numbers
    std::shared_ptr<const StaticIdentity> identity;
    Endpoint address;
    std::unique_ptr<Host> host;
    bool is_up = true;  // its interface
    bool is_suspended = false;
    TimePoint suspended_at;
    TimePoint resumes_at;  // "never": when calm comes
    std::uint16_t keepalive_seconds = 0;
    std::array<PublicKey, nodes_max + 1> told{};  // whom it takes its peers for, by their numbers
    std::deque<Flight> waiting;                   // at its socket, while it is suspended
    std::size_t waiting_handshakes = 0;           // in its worker's backlog
    std::int64_t newest_wall_seconds = 0;         // that it has ever seen
    std::int64_t least_wall_seconds = 0;          // below are the time stamps of its earlier lives

    // Null: its configuration does not name that peer now.
    [[nodiscard]] Peer* peer(std::uint8_t other) const { return host->route(inner_address(other)); }
};

}  // namespace wgns::sim
