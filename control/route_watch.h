// Tells when addresses or routes of the namespace that the sockets are in have changed, and with
// them the local address that answers should leave from (rtnetlink(7)). Control thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"

namespace wgns {

class RouteWatch {
public:
    // Called once for all changes that come within a tenth of a second: a routing daemon makes many
    // at a time. False: it is to be told again.
    using Changed = std::function<bool()>;

    // Of the calling thread's network namespace. The context outlives the watch, and runs no more
    // once the watch is gone.
    static Result<std::unique_ptr<RouteWatch>> start(boost::asio::io_context& context,
                                                     Changed changed);

private:
    RouteWatch(boost::asio::io_context& context, UniqueFd events, Changed changed);
    void wait();
    void gather();
    void take_events();

    boost::asio::posix::stream_descriptor events_;
    boost::asio::steady_timer pause_;
    Changed changed_;
};

}  // namespace wgns
