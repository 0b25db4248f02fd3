#include "control/udp_sockets.h"

#include <sys/socket.h>

#include <cerrno>

#include "dataplane/udp_socket.h"

namespace wgns {

namespace {

// How often another free port is tried when the one chosen for IPv4 is taken in IPv6.
constexpr int attempts_max = 100;

bool is_missing_family(const Error& error) {
    return error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL;
}

Result<UdpSockets> open_both(std::uint16_t port, std::uint32_t fwmark) {
    UdpSockets sockets;
    auto v4 = open_udp(AF_INET, port, fwmark);
    if (v4)
        sockets.v4 = std::move(*v4);
    else if (!is_missing_family(v4.error()))
        return v4.error();
    auto v6 = open_udp(AF_INET6, sockets.v4 ? local_port(sockets.v4.get()) : port, fwmark);
    if (v6)
        sockets.v6 = std::move(*v6);
    else if (!sockets.v4 || !is_missing_family(v6.error()))
        return v6.error();
    return sockets;
}

}  // namespace

Result<UdpSockets> open_udp_sockets(std::uint16_t port, std::uint32_t fwmark) {
    for (int attempt = 1;; ++attempt) {
        auto sockets = open_both(port, fwmark);
        const bool again = !sockets && sockets.error().code == EADDRINUSE && port == 0;
        if (!again || attempt == attempts_max) return sockets;
    }
}

}  // namespace wgns
