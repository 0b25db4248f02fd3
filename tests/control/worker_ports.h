// What a worker needs to run, without privilege: a socket pair that stands for the TUN device, and
// UDP sockets on any free port.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "control/udp_sockets.h"
#include "dataplane/io.h"

namespace wgns {

struct WorkerPorts {
    WorkerPorts() {
        std::array<int, 2> tun{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, tun.data()), 0);
        ports.tun.reset(tun[0]);
        tun_far.reset(tun[1]);
        auto sockets = open_udp_sockets(0, 0);
        EXPECT_TRUE(sockets);
        copies = *duplicate(*sockets);
        ports.udp_v4 = std::move(sockets->v4);
        ports.udp_v6 = std::move(sockets->v6);
    }

    Ports ports;
    UdpSockets copies;
    UniqueFd tun_far;
};

}  // namespace wgns
