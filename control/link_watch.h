// Follows a network interface: its MTU and whether it is up (rtnetlink(7), RTMGRP_LINK). Control
// thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/link.h"
#include "netns/netlink.h"

namespace wgns {

class LinkWatch {
public:
    // Tells what is so now, after each change.
    using Changed = std::function<void(const Link&)>;

    // Follows the interface in the calling thread's network namespace, wherever the thread goes
    // later, and under whatever name. An interface that leaves the namespace is lost. The context
    // outlives the watch, and runs no more once the watch is gone.
    static Result<std::unique_ptr<LinkWatch>> start(boost::asio::io_context& context,
                                                    const std::string& interface, Changed changed);

    // What was so last.
    [[nodiscard]] const Link& link() const noexcept { return link_; }

private:
    LinkWatch(boost::asio::io_context& context, UniqueFd events, Netlink netlink, Link link);
    void wait();
    [[nodiscard]] bool take_events();
    void look();

    boost::asio::posix::stream_descriptor events_;
    Netlink netlink_;  // in the same namespace
    Link link_;
    Changed changed_;
};

}  // namespace wgns
