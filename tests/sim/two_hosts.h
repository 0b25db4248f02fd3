// Two simulated hosts, each the other's peer, on a network that delivers everything at once.
#pragma once

#include <gtest/gtest.h>

#include "tests/sim/host.h"

namespace wgns::sim {

inline void deliver(Host& from, Host& to) {
    for (Datagram& datagram : from.ports.sent)
        if (datagram.to.same_remote(to.ports.address))
            to.ports.to_receive.push_back(std::move(datagram));
    from.ports.sent.clear();
}

// Both hosts take turns, and every datagram arrives, until nobody has anything left to say.
inline void settle(Host& a, Host& b) {
    for (int round = 0; round < 100; ++round) {
        a.turn();
        b.turn();
        deliver(a, b);
        deliver(b, a);
        const bool is_quiet = a.ports.to_receive.empty() && b.ports.to_receive.empty() &&
                              a.ports.to_read.empty() && b.ports.to_read.empty();
        if (is_quiet) return;
    }
    ADD_FAILURE() << "the two hosts never stop talking";
}

struct TwoHosts : ::testing::Test {
    SimClock clock;
    Host a{1, clock};
    Host b{2, clock};

    // Only `a` knows where the other is.
    void connect(const PresharedKey& psk = {}) {
        a.add_peer(b, true, psk);
        b.add_peer(a, false, psk);
    }
    // connect, and a session that has carried a packet of `a`.
    void establish() {
        connect();
        a.send(a.packet_to(b, 100));
        settle(a, b);
    }
};

}  // namespace wgns::sim
