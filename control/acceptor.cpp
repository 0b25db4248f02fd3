#include "control/acceptor.h"

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <utility>

namespace wgns {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Whether one who has the listening socket has shut it down, so that nobody comes any more.
// accept(2) then says EINVAL or EAGAIN, which may mean something else as well.
bool is_shut(int listener) {
    pollfd polled{listener, 0, 0};
    return ::poll(&polled, 1, 0) == 1 && (polled.revents & (POLLHUP | POLLNVAL)) != 0;
}

// Who came is gone again, or another process was faster.
bool is_nobody(int code) {
    return code == EAGAIN || code == EINTR || code == ECONNABORTED;
}

}  // namespace

struct Acceptor::Listening : std::enable_shared_from_this<Listening> {
    Listening(asio::io_context& context, UniqueFd fd, Take take, Tell tell)
        : listener(std::move(fd)),
          ready(context),
          again(context),
          take(std::move(take)),
          tell(std::move(tell)) {}
    // The descriptor is the listener's.
    ~Listening() { ready.release(); }
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

    void wait() {
        if (!is_taking || is_waiting) return;
        error_code error;
        if (!ready.is_open()) ready.assign(listener.get(), error);
        if (!error && !ready.non_blocking()) ready.non_blocking(true, error);
        if (error) return wait_longer(error.value());
        is_waiting = true;
        ready.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const error_code& failed) {
                             self->is_waiting = false;
                             if (!self->is_taking) return;
                             failed ? self->wait_longer(failed.value()) : self->accept();
                         });
    }
    void accept() {
        UniqueFd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (const int code = errno; !fd) {
            if (is_shut(listener.get())) return;
            return is_nobody(code) ? wait() : wait_longer(code);
        }
        StreamSocket connection(ready.get_executor());
        if (const int code = adopt(connection, std::move(fd)); code != 0) return wait_longer(code);
        is_short = false;
        take(std::move(connection));
        wait();
    }
    void wait_longer(int code) {
        if (!std::exchange(is_short, true)) tell(Error{code, "accept", {}, {}});
        is_waiting = true;
        again.expires_after(pause);
        again.async_wait([self = shared_from_this()](const error_code&) {
            self->is_waiting = false;
            self->wait();
        });
    }

    UniqueFd listener;
    asio::posix::stream_descriptor ready;
    asio::steady_timer again;
    Take take;
    Tell tell;
    bool is_taking = false;
    bool is_waiting = false;  // for somebody, or for descriptors
    bool is_short = false;    // of descriptors or memory, which was told
};

Acceptor::Acceptor(asio::io_context& context, UniqueFd listener, Take take, Tell tell)
    : listening_(std::make_shared<Listening>(context, std::move(listener), std::move(take),
                                             std::move(tell))) {}

Acceptor::~Acceptor() {
    error_code ignored;
    listening_->is_taking = false;
    listening_->again.cancel();
    if (listening_->ready.is_open()) listening_->ready.cancel(ignored);
}

void Acceptor::start() {
    listening_->is_taking = true;
    listening_->wait();
}

void Acceptor::stop() {
    listening_->is_taking = false;
}

void Acceptor::shut() {
    ::shutdown(listening_->listener.get(), SHUT_RDWR);
}

}  // namespace wgns
