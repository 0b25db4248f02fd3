#include "control/route_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace wgns {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds gather_time{100};

Result<UniqueFd> open_events() {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    if (!fd) return Error{errno, "socket", "NETLINK_ROUTE", ""};
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups =
        RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
    const auto bound =
        check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind",
              "RTMGRP_IPV4_ROUTE");
    if (!bound) return bound.error();
    return fd;
}

}  // namespace

RouteWatch::RouteWatch(asio::io_context& context, UniqueFd events, Changed changed)
    : events_(context, events.release()), pause_(context), changed_(std::move(changed)) {}

Result<std::unique_ptr<RouteWatch>> RouteWatch::start(asio::io_context& context, Changed changed) {
    auto events = open_events();
    if (!events) return events.error();
    std::unique_ptr<RouteWatch> watch(
        new RouteWatch(context, *std::move(events), std::move(changed)));
    watch->wait();
    return watch;
}

void RouteWatch::wait() {
    events_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                           if (!error) gather();
                       });
}

void RouteWatch::gather() {
    pause_.expires_after(gather_time);
    pause_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        take_events();
        changed_() ? wait() : gather();
    });
}

// What they say does not matter, nor whether some were lost.
void RouteWatch::take_events() {
    std::array<char, 32'768> piece;
    ssize_t size = 0;
    do {
        size = ::recv(events_.native_handle(), piece.data(), piece.size(), 0);
    } while (size > 0 || errno == ENOBUFS || errno == EINTR);
}

}  // namespace wgns
