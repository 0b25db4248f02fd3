// An Io between a socket pair that stands for the TUN device and a UDP socket on loopback; the test
// holds the far ends. Needs no privilege.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "dataplane/io.h"
#include "dataplane/mailbox.h"
#include "dataplane/turn.h"
#include "dataplane/udp_socket.h"

namespace wgns {

struct IoHarness {
    explicit IoHarness(IoKind kind);

    // One turn that waits at most a second; the stages are the test's.
    [[nodiscard]] bool turn();
    // Turns until `done` or five seconds have passed.
    template <class Done>
    void turn_until(Done done) {
        for (int i = 0; i < 50 && !done(); ++i)
            ASSERT_TRUE(turn());
        ASSERT_TRUE(done());
    }
    void put_into_tun(const std::string& packet) const;
    [[nodiscard]] std::string take_from_tun() const;
    void send_to_io(const std::string& datagram) const;
    [[nodiscard]] std::string receive_from_io() const;

    Mailbox mailbox;
    Turn work;
    UniqueFd tun_far;  // what the kernel's stack would hold
    UniqueFd udp_far;  // the peer
    Endpoint near;     // of the Io
    Endpoint far;      // of the peer
    std::unique_ptr<Io> io;
    std::vector<std::string> frames;     // everything read from the TUN
    std::vector<std::string> datagrams;  // everything received
};

}  // namespace wgns
