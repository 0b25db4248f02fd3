#include "control/udp_sockets.h"

#include <fcntl.h>
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

Status copy(const UniqueFd& from, UniqueFd& to) {
    if (!from) return Done{};
    to.reset(::fcntl(from.get(), F_DUPFD_CLOEXEC, 0));
    if (!to) return Error{errno, "duplicate", "UDP socket", ""};
    return Done{};
}

}  // namespace

Result<UdpSockets> open_udp_sockets(std::uint16_t port, std::uint32_t fwmark) {
    for (int attempt = 1;; ++attempt) {
        auto sockets = open_both(port, fwmark);
        const bool again = !sockets && sockets.error().code == EADDRINUSE && port == 0;
        if (!again || attempt == attempts_max) return sockets;
    }
}

Result<UdpSockets> duplicate(const UdpSockets& sockets) {
    UdpSockets copies;
    auto copied = copy(sockets.v4, copies.v4);
    if (copied) copied = copy(sockets.v6, copies.v6);
    if (!copied) return copied.error();
    return copies;
}

std::uint16_t port_of(const UdpSockets& sockets) noexcept {
    return local_port((sockets.v4 ? sockets.v4 : sockets.v6).get());
}

Status set_mark(const UdpSockets& sockets, std::uint32_t fwmark) {
    for (const UniqueFd* const fd : {&sockets.v4, &sockets.v6})
        if (*fd && ::setsockopt(fd->get(), SOL_SOCKET, SO_MARK, &fwmark, sizeof fwmark) != 0)
            return Error{errno, "setsockopt", "SO_MARK", "FwMark needs CAP_NET_ADMIN"};
    return Done{};
}

}  // namespace wgns
