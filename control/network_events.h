// Tells that something of a network has changed, not what: that is to be asked anew, for events are
// lost when many come (rtnetlink(7)). Control thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"

namespace wgns {

enum class NetworkPart {
    links,   // of this namespace and, with CAP_NET_ADMIN, of every other that has a number here
    routes,  // and addresses, of this namespace
};

class NetworkEvents {
public:
    // Called at once; of routes, for all that follows within a tenth of a second once more, because
    // a routing daemon makes many changes at a time. False: it is to be told again.
    using Changed = std::function<bool()>;

    // Seen from the calling thread's network namespace. The context outlives the events, and runs
    // no more once they are gone.
    static Result<std::unique_ptr<NetworkEvents>> start(boost::asio::io_context& context,
                                                        NetworkPart part, Changed changed);

private:
    NetworkEvents(boost::asio::io_context& context, UniqueFd events, NetworkPart part,
                  Changed changed);
    void wait();
    void tell();
    void take_events();

    boost::asio::posix::stream_descriptor events_;
    boost::asio::steady_timer pause_;
    NetworkPart part_;
    Changed changed_;
};

}  // namespace wgns
