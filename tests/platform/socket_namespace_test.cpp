// What the whole design relies on: a socket belongs to the namespace in which it was made, whoever
// uses it from wherever, and keeps that namespace alive.
#include <linux/sockios.h>

#include <array>

#include "tests/platform/private_network.h"

namespace wgns::platform {
namespace {

// A UDP socket on 127.0.0.1 of the calling thread's namespace; `self` becomes its address.
UniqueFd bound_here(sockaddr_in& self) {
    UniqueFd udp = udp_socket_here();
    self = ipv4("127.0.0.1", 0);
    socklen_t size = sizeof self;
    EXPECT_EQ(::bind(udp.get(), reinterpret_cast<sockaddr*>(&self), size), 0);
    EXPECT_EQ(::getsockname(udp.get(), reinterpret_cast<sockaddr*>(&self), &size), 0);
    return udp;
}

bool sends_to_itself(const UniqueFd& udp, const sockaddr_in& self) {
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(udp.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto* address = reinterpret_cast<const sockaddr*>(&self);
    if (::sendto(udp.get(), "?", 1, 0, address, sizeof self) != 1) return false;
    std::array<char, 8> got{};
    return ::recv(udp.get(), got.data(), got.size(), 0) == 1 && got[0] == '?';
}

ino_t home_of(const UniqueFd& socket) {
    const UniqueFd home(::ioctl(socket.get(), SIOCGSKNS));
    EXPECT_TRUE(home) << std::strerror(errno);
    return inode_of(home.get());
}

TEST(socket_namespace, a_socket_made_outside_works_outside_from_within) {
    WGNS_SKIP_UNLESS_ROOT();
    const PrivateNetwork outside;
    const PrivateNetwork inside;
    sockaddr_in self{};
    UniqueFd udp;
    outside.run([&] {
        set_up_here("lo");
        udp = bound_here(self);
    });
    EXPECT_EQ(home_of(udp), outside.identity());
    inside.run([&] {
        // `lo` is down here: only the other namespace's can have carried it.
        EXPECT_TRUE(sends_to_itself(udp, self));
        EXPECT_FALSE(sends_to_itself(udp_socket_here(), self));
    });
    EXPECT_EQ(home_of(udp), outside.identity());
}

TEST(socket_namespace, a_socket_outlives_every_other_hold_on_its_namespace) {
    WGNS_SKIP_UNLESS_ROOT();
    sockaddr_in self{};
    UniqueFd udp;
    {
        const PrivateNetwork network;
        network.run([&] {
            set_up_here("lo");
            udp = bound_here(self);
        });
    }
    EXPECT_TRUE(sends_to_itself(udp, self));
}

}  // namespace
}  // namespace wgns::platform
