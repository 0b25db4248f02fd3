// Follows the interface of a TUN device: its MTU and whether it is up (rtnetlink(7), RTMGRP_LINK).
// Control thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include <sys/types.h>

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

    // Follows the interface under whatever name and into whatever namespace it is moved to, and
    // keeps none of these alive: with CAP_NET_ADMIN, and CAP_NET_BROADCAST until this returns. It
    // asks from the namespace that it is started in and never goes anywhere. `tun` is a queue of
    // the interface, or a copy of one. The context outlives the watch, and runs no more once the
    // watch is gone.
    static Result<std::unique_ptr<LinkWatch>> start(boost::asio::io_context& context, UniqueFd tun,
                                                    Changed changed);
    // The same for an interface that stays in `ns`: needs CAP_SYS_ADMIN now and nothing later, and
    // keeps the namespace alive.
    static Result<std::unique_ptr<LinkWatch>> start_inside(boost::asio::io_context& context,
                                                           const Namespace& ns, UniqueFd tun,
                                                           Changed changed);

    // What was told last, or so at first.
    [[nodiscard]] const Link& link() const noexcept { return link_; }
    // Requests about the link. EXDEV: it has left the namespace that the watch was started in.
    Status request(const std::function<Status(Netlink&)>& requests);

private:
    LinkWatch(UniqueFd tun, Changed changed);
    Status begin(boost::asio::io_context& context);
    [[nodiscard]] bool update();
    [[nodiscard]] Result<Link> look();
    [[nodiscard]] Result<Link> look_elsewhere(int place, const std::string& name);

    UniqueFd tun_;
    std::optional<Netlink> netlink_;  // of the namespace that it was started in
    std::optional<ino_t> home_;       // that one, where the interface may leave it
    bool is_home_ = true;
    Link link_;
    unsigned failed_looks_ = 0;  // since one succeeded
    Changed changed_;
    std::unique_ptr<NetworkEvents> events_;
};

// The system calls of a watch that has been started (control/isolation.h), its events' included.
[[nodiscard]] std::span<const char* const> calls_of_link_watch() noexcept;

}  // namespace wgns
