#include "control/link_watch.h"

#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "netns/tun_device.h"

namespace wgns {

namespace asio = boost::asio;

namespace {

constexpr std::size_t piece_bytes = 32'768;

// Of this namespace and, where we may, of every other one that has a number here. A socket in the
// other one would keep it alive.
Result<UniqueFd> open_events() {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    if (!fd) return Error{errno, "socket", "NETLINK_ROUTE", ""};
    const int one = 1;
    ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &one, sizeof one);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK;
    const auto bound =
        check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind",
              "RTMGRP_LINK");
    if (!bound) return bound.error();
    return fd;
}

// Gives the namespace a number in ours, unless it has one.
Status number_namespace(const Namespace& ns) {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    alignas(nlmsghdr) std::array<char, 128> piece{};
    nlmsghdr* const header = mnl_nlmsg_put_header(piece.data());
    header->nlmsg_type = RTM_NEWNSID;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    mnl_nlmsg_put_extra_header(header, sizeof(rtgenmsg));
    mnl_attr_put_u32(header, NETNSA_NSID, static_cast<std::uint32_t>(NETNSA_NSID_NOT_ASSIGNED));
    mnl_attr_put_u32(header, NETNSA_FD, static_cast<std::uint32_t>(ns.fd()));
    return netlink->request(*header, "RTM_NEWNSID", {});
}

Result<Namespace> namespace_of(int tun) {
    auto ns = tun_namespace(tun);
    return ns ? std::move(ns) : Namespace::current();
}

bool is_about(const nlmsghdr& message, std::uint32_t index) {
    if (message.nlmsg_type != RTM_NEWLINK && message.nlmsg_type != RTM_DELLINK) return false;
    const auto& body = *static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
    return static_cast<std::uint32_t>(body.ifi_index) == index;
}

}  // namespace

LinkWatch::LinkWatch(asio::io_context& context, UniqueFd tun, UniqueFd events, Changed changed)
    : tun_(std::move(tun)), events_(context, events.release()), changed_(std::move(changed)) {}

Result<std::unique_ptr<LinkWatch>> LinkWatch::start(asio::io_context& context, UniqueFd tun,
                                                    Changed changed) {
    // The events first, so that no change falls between them and the first look.
    auto events = open_events();
    if (!events) return events.error();
    std::unique_ptr<LinkWatch> watch(
        new LinkWatch(context, std::move(tun), *std::move(events), std::move(changed)));
    auto link = watch->look();
    if (!link) return link.error();
    watch->link_ = *std::move(link);
    watch->wait();
    return watch;
}

Status LinkWatch::request(const std::function<Status(Netlink&)>& requests) const {
    const auto ns = namespace_of(tun_.get());
    if (!ns) return ns.error();
    return ns->run([&]() -> Status {
        auto netlink = Netlink::open();
        if (!netlink) return netlink.error();
        return requests(*netlink);
    });
}

void LinkWatch::wait() {
    events_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                           if (error) return;
                           if (take_events()) update();
                           wait();
                       });
}

void LinkWatch::update() {
    auto seen = look();
    if (!seen) return;
    const bool has_changed = seen->mtu != link_.mtu || seen->is_up != link_.is_up;
    link_ = *std::move(seen);
    if (has_changed) changed_(link_);
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

// Events say that there is something to see; what there is, is asked anew, wherever that is now.
Result<Link> LinkWatch::look() const {
    const auto shape = tun_shape(tun_.get());
    if (!shape) return shape.error();
    const auto ns = namespace_of(tun_.get());
    if (!ns) return ns.error();
    // First, so that a change after the look is an event. Without a number the look is all we get.
    static_cast<void>(number_namespace(*ns).has_value());
    return ns->run([&]() -> Result<Link> {
        auto netlink = Netlink::open();
        if (!netlink) return netlink.error();
        return find_link(*netlink, shape->name);
    });
}

}  // namespace wgns
