#include "control/network_events.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace wgns {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds pause_time{100};
constexpr std::uint32_t route_groups =
    RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;

Result<UniqueFd> open_events(NetworkPart part) {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    if (!fd) return Error{errno, "socket", "NETLINK_ROUTE", ""};
    // A socket in another namespace would keep that alive.
    const int is_everywhere = part == NetworkPart::links ? 1 : 0;
    ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &is_everywhere,
                 sizeof is_everywhere);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = part == NetworkPart::links ? RTMGRP_LINK : route_groups;
    const auto bound =
        check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind",
              "NETLINK_ROUTE");
    if (!bound) return bound.error();
    return fd;
}

}  // namespace

NetworkEvents::NetworkEvents(asio::io_context& context, UniqueFd events, NetworkPart part,
                             Changed changed)
    : events_(context, events.release()),
      pause_(context),
      part_(part),
      changed_(std::move(changed)) {}

Result<std::unique_ptr<NetworkEvents>> NetworkEvents::start(asio::io_context& context,
                                                            NetworkPart part, Changed changed) {
    auto events = open_events(part);
    if (!events) return events.error();
    std::unique_ptr<NetworkEvents> made(
        new NetworkEvents(context, *std::move(events), part, std::move(changed)));
    made->wait();
    return made;
}

void NetworkEvents::wait() {
    events_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                           if (!error) tell();
                       });
}

void NetworkEvents::tell() {
    take_events();
    const bool is_told = changed_();
    // A link that is thought to be down loses the first handshake, which is repeated after 5 s.
    if (is_told && part_ == NetworkPart::links) return wait();
    pause_.expires_after(pause_time);
    pause_.async_wait([this, is_told](const boost::system::error_code& error) {
        if (error) return;
        if (is_told)
            wait();
        else
            tell();
    });
}

void NetworkEvents::take_events() {
    std::array<char, 32'768> piece;
    ssize_t size = 0;
    do {
        size = ::recv(events_.native_handle(), piece.data(), piece.size(), 0);
    } while (size > 0 || errno == ENOBUFS || errno == EINTR);
}

}  // namespace wgns
