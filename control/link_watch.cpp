#include "control/link_watch.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace wgns {

namespace asio = boost::asio;

namespace {

constexpr std::size_t piece_bytes = 32'768;

Result<UniqueFd> open_events() {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    if (!fd) return Error{errno, "socket", "NETLINK_ROUTE", ""};
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK;
    const auto bound =
        check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind",
              "RTMGRP_LINK");
    if (!bound) return bound.error();
    return fd;
}

bool is_about(const nlmsghdr& message, std::uint32_t index) {
    if (message.nlmsg_type != RTM_NEWLINK) return false;
    const auto& body = *static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
    return static_cast<std::uint32_t>(body.ifi_index) == index;
}

}  // namespace

LinkWatch::LinkWatch(asio::io_context& context, UniqueFd events, Netlink netlink, Link link)
    : events_(context, events.release()), netlink_(std::move(netlink)), link_(std::move(link)) {}

Result<std::unique_ptr<LinkWatch>> LinkWatch::start(asio::io_context& context,
                                                    const std::string& interface, Changed changed) {
    // The events first, so that no change falls between them and the first look.
    auto events = open_events();
    if (!events) return events.error();
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    auto link = find_link(*netlink, interface);
    if (!link) return link.error();
    std::unique_ptr<LinkWatch> watch(
        new LinkWatch(context, *std::move(events), *std::move(netlink), *std::move(link)));
    watch->changed_ = std::move(changed);
    watch->wait();
    return watch;
}

void LinkWatch::wait() {
    events_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                           if (error) return;
                           if (take_events()) look();
                           wait();
                       });
}

// Whether the link may have changed: an event says so, or events were lost.
bool LinkWatch::take_events() {
    alignas(nlmsghdr) std::array<char, piece_bytes> piece;
    bool may_have_changed = false;
    for (;;) {
        const ssize_t size = ::recv(events_.native_handle(), piece.data(), piece.size(), 0);
        if (size < 0 && errno == ENOBUFS) may_have_changed = true;
        if (size < 0 && errno != ENOBUFS && errno != EINTR) return may_have_changed;
        int left = static_cast<int>(size);
        const auto* one = reinterpret_cast<const nlmsghdr*>(piece.data());
        for (; mnl_nlmsg_ok(one, left); one = mnl_nlmsg_next(one, &left))
            may_have_changed = may_have_changed || is_about(*one, link_.index);
    }
}

// Events say that there is something to see; what there is, is asked anew.
void LinkWatch::look() {
    const auto links = list_links(netlink_);
    if (!links) return;
    for (const Link& seen : *links) {
        if (seen.index != link_.index) continue;
        const bool changed = seen.mtu != link_.mtu || seen.is_up != link_.is_up;
        link_ = seen;
        if (changed) changed_(link_);
    }
}

}  // namespace wgns
