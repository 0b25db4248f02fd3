// Connections of a listening stream socket, which other processes may have too.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/stream_socket.h"

namespace wgns {

class Acceptor {
public:
    // Before it tries again, where there are no descriptors or no memory: those who wait in the
    // queue would make it spin.
    static constexpr std::chrono::milliseconds pause{100};

    using Take = std::function<void(StreamSocket connection)>;
    using Tell = std::function<void(const Error& error)>;

    // `listener` listens already. Nobody is taken before `start`. Each connection goes to `take`,
    // with O_CLOEXEC and O_NONBLOCK set, and the first of a row of failures to `tell`; both on the
    // context's thread, on which this is used and destroyed, and not after that. The context
    // outlives it.
    Acceptor(
        boost::asio::io_context& context, UniqueFd listener, Take take,
        Tell tell = [](const Error&) {});
    ~Acceptor();
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    void start();
    // Until the next `start` who comes waits in the socket's queue.
    void stop();
    // Nobody else who has the socket takes connections from it any more, either.
    void shut();

private:
    struct Listening;
    std::shared_ptr<Listening> listening_;  // with handlers that the context holds
};

}  // namespace wgns
