// Follows the interface of a TUN device: its MTU and whether it is up (rtnetlink(7), RTMGRP_LINK).
// Control thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/network_events.h"
#include "netns/link.h"
#include "netns/namespace.h"
#include "netns/netlink.h"

namespace wgns {

class LinkWatch {
public:
    // Tells what is so now, after each change. False: it is to be told again.
    using Changed = std::function<bool(const Link&)>;

    // Follows the interface under whatever name and, with CAP_NET_ADMIN, into whatever namespace it
    // is moved to, and keeps none of these alive. `tun` is a queue of it, or a copy of one. The
    // context outlives the watch, and runs no more once the watch is gone.
    static Result<std::unique_ptr<LinkWatch>> start(boost::asio::io_context& context, UniqueFd tun,
                                                    Changed changed);
    // The same for an interface that stays in `ns`: needs CAP_SYS_ADMIN now and nothing later, and
    // keeps the namespace alive.
    static Result<std::unique_ptr<LinkWatch>> start_inside(boost::asio::io_context& context,
                                                           const Namespace& ns, UniqueFd tun,
                                                           Changed changed);

    // What was told last, or so at first.
    [[nodiscard]] const Link& link() const noexcept { return link_; }
    // Requests about the link, in the namespace that it is in.
    Status request(const std::function<Status(Netlink&)>& requests) const;

private:
    LinkWatch(UniqueFd tun, Changed changed);
    Status begin(boost::asio::io_context& context);
    [[nodiscard]] bool update();
    [[nodiscard]] Result<Link> look();

    UniqueFd tun_;
    std::optional<Netlink> inside_;  // of an interface that stays
    Link link_;
    unsigned failed_looks_ = 0;  // since one succeeded
    Changed changed_;
    std::unique_ptr<NetworkEvents> events_;
};

}  // namespace wgns
