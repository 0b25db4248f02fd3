// What a worker needs to run, without privilege: a socket pair that stands for the TUN device, and
// UDP sockets on any free port.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <utility>
#include <vector>

#include "control/udp_sockets.h"
#include "dataplane/io.h"

namespace wgns {

struct WorkerPorts {
    explicit WorkerPorts(unsigned workers = 1) {
        auto sockets = open_udp_group(workers, 0, 0);
        EXPECT_TRUE(sockets);
        copies = *duplicate(*sockets);
        for (UdpSockets& each : *sockets) {
            std::array<int, 2> tun{};
            EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, tun.data()), 0);
            tun_far.emplace_back(tun[1]);
            Ports& one = ports.emplace_back();
            one.tun.reset(tun[0]);
            one.udp_v4 = std::move(each.v4);
            one.udp_v6 = std::move(each.v6);
        }
    }

    std::vector<Ports> ports;
    UdpGroup copies;
    std::vector<UniqueFd> tun_far;
};

}  // namespace wgns
