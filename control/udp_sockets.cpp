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

Status open_more(const UniqueFd& first, int family, std::uint32_t fwmark, UniqueFd& out) {
    if (!first) return Done{};
    auto opened = open_udp(family, local_port(first.get()), fwmark, PortUse::shared);
    if (!opened) return opened.error();
    out = *std::move(opened);
    return Done{};
}

Status copy(const UniqueFd& from, UniqueFd& to) {
    if (!from) return Done{};
    to.reset(::fcntl(from.get(), F_DUPFD_CLOEXEC, 0));
    if (!to) return Error{errno, "duplicate", "UDP socket", ""};
    return Done{};
}

Result<UdpSockets> open_first(std::uint16_t port, std::uint32_t fwmark) {
    for (int attempt = 1;; ++attempt) {
        auto sockets = open_both(port, fwmark);
        const bool again = !sockets && sockets.error().code == EADDRINUSE && port == 0;
        if (!again || attempt == attempts_max) return sockets;
    }
}

}  // namespace

// The first sockets have the port alone while they take it, so that another instance's is noticed.
Result<UdpGroup> open_udp_group(unsigned count, std::uint16_t port, std::uint32_t fwmark) {
    UdpGroup group;
    auto first = open_first(port, fwmark);
    if (!first) return first.error();
    group.push_back(*std::move(first));
    for (const UniqueFd* const fd : {&group[0].v4, &group[0].v6})
        if (count > 1 && *fd)
            if (auto shared = share_port(fd->get()); !shared) return shared.error();
    while (group.size() < count) {
        UdpSockets more;
        auto opened = open_more(group[0].v4, AF_INET, fwmark, more.v4);
        if (opened) opened = open_more(group[0].v6, AF_INET6, fwmark, more.v6);
        if (!opened) return opened.error();
        group.push_back(std::move(more));
    }
    return group;
}

Result<UdpGroup> duplicate(const UdpGroup& group) {
    UdpGroup copies;
    for (const UdpSockets& sockets : group) {
        UdpSockets& one = copies.emplace_back();
        auto copied = copy(sockets.v4, one.v4);
        if (copied) copied = copy(sockets.v6, one.v6);
        if (!copied) return copied.error();
    }
    return copies;
}

std::uint16_t port_of(const UdpGroup& group) noexcept {
    if (group.empty()) return 0;
    return local_port((group[0].v4 ? group[0].v4 : group[0].v6).get());
}

Status set_mark(const UdpGroup& group, std::uint32_t fwmark) {
    for (const UdpSockets& sockets : group)
        for (const UniqueFd* const fd : {&sockets.v4, &sockets.v6})
            if (*fd && ::setsockopt(fd->get(), SOL_SOCKET, SO_MARK, &fwmark, sizeof fwmark) != 0)
                return Error{errno, "setsockopt", "SO_MARK", "FwMark needs CAP_NET_ADMIN"};
    return Done{};
}

}  // namespace wgns
