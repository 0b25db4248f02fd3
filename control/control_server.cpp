#include "control/control_server.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>

#include "control/passed_descriptors.h"
#include "control/unix_address.h"

namespace wgns {

namespace asio = boost::asio;
using boost::system::error_code;

// Lives as long as one of its operations is under way.
class ControlServer::Client : public std::enable_shared_from_this<Client> {
public:
    Client(ControlServer& server, StreamSocket socket)
        : handler_(server.handler_),
          count_(server.client_count_),
          socket_(std::move(socket)),
          idle_(socket_.get_executor()) {
        ++*count_;
    }
    ~Client() { --*count_; }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void start() {
        idle_.expires_after(idle_limit);
        idle_.async_wait([weak = weak_from_this()](const error_code& error) {
            const auto self = weak.lock();
            if (!error && self) self->close();
        });
        wait();
    }

private:
    void wait() {
        socket_.async_wait(StreamSocket::wait_read,
                           [self = shared_from_this()](const error_code& error) {
                               if (!error && self->receive()) self->wait();
                           });
    }
    // Whether the request goes on. The library's own reads would lose the descriptors.
    bool receive() {
        std::array<char, max_request_bytes> bytes{};
        iovec part{bytes.data(), bytes.size() - request_.text.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        PassedDescriptors passed;
        passed.make_room(message);
        const ssize_t got =
            ::recvmsg(socket_.native_handle(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
        if (got <= 0) return false;
        for (UniqueFd& fd : PassedDescriptors::take(message))
            request_.descriptors.push_back(std::move(fd));
        request_.text.append(bytes.data(), static_cast<std::size_t>(got));
        const std::size_t end = request_.text.find('\n');
        if (end == std::string::npos) return request_.text.size() < max_request_bytes;
        request_.text.resize(end);
        handle();
        return false;
    }
    void handle() {
        handler_(std::move(request_), [self = shared_from_this()](std::string line) {
            self->answer_ = std::move(line);
            self->answer_ += '\n';
            asio::async_write(self->socket_, asio::buffer(self->answer_),
                              [self](const error_code&, std::size_t) { self->close(); });
        });
    }
    void close() {
        error_code ignored;
        idle_.cancel();
        socket_.close(ignored);
    }

    const Handler& handler_;
    std::shared_ptr<std::size_t> count_;
    StreamSocket socket_;
    asio::steady_timer idle_;
    ControlRequest request_;
    std::string answer_;
};

ControlServer::ControlServer(asio::io_context& context, UniqueFd listener, Handler handler)
    : acceptor_(context, std::move(listener),
                [this](StreamSocket socket) { admit(std::move(socket)); }),
      handler_(std::move(handler)) {}

ControlServer::~ControlServer() = default;

void ControlServer::admit(StreamSocket socket) {
    if (*client_count_ < max_clients) std::make_shared<Client>(*this, std::move(socket))->start();
}

namespace {

Result<UniqueFd> new_socket(const std::string& path) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return Error{errno, "socket", path, ""};
    return fd;
}

Status send_request(int fd, std::string line, const std::vector<int>& descriptors) {
    iovec part{line.data(), line.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    PassedDescriptors passed;
    passed.attach(message, descriptors);
    if (::sendmsg(fd, &message, MSG_NOSIGNAL) < 0) return Error{errno, "sendmsg", "", ""};
    return Done{};
}

bool wait_readable(int fd, std::chrono::steady_clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd waited{fd, POLLIN, 0};
        const int ready = ::poll(&waited, 1, static_cast<int>(std::max<long>(left.count(), 0)));
        if (ready >= 0 || errno != EINTR) return ready > 0;
    }
}

}  // namespace

Result<UniqueFd> listen_control(const std::string& path) {
    const auto address = unix_address(path);
    if (!address) return address.error();
    auto fd = new_socket(path);
    if (!fd) return fd.error();
    // Before the name exists: bind gives it the mode that the socket has.
    auto done = check(::fchmod(fd->get(), 0600), "fchmod", path);
    if (done)
        done =
            check(::bind(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address),
                  "bind", path);
    if (done) done = check(::listen(fd->get(), ControlServer::max_clients), "listen", path);
    if (!done) return done.error();
    return fd;
}

Result<std::string> ask_control(const std::string& path, const std::string& request,
                                std::chrono::milliseconds patience,
                                const std::vector<int>& descriptors) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const auto address = unix_address(path);
    if (!address) return address.error();
    const auto fd = new_socket(path);
    if (!fd) return fd.error();
    const auto connected =
        check(::connect(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address),
              "connect", path);
    if (!connected) return connected.error();
    const auto sent = send_request(fd->get(), request + '\n', descriptors);
    if (!sent) return Error{sent.error().code, "send", path, ""};

    std::string answer;
    std::vector<char> part(std::size_t{64} * 1024);
    while (answer.empty() || answer.back() != '\n') {
        if (!wait_readable(fd->get(), deadline)) return Error{ETIMEDOUT, "recv", path, ""};
        const auto got = ::recv(fd->get(), part.data(), part.size(), 0);
        if (got < 0) return Error{errno, "recv", path, ""};
        if (got == 0) return Error{ECONNRESET, "recv", path, ""};
        answer.append(part.data(), static_cast<std::size_t>(got));
    }
    answer.pop_back();
    return answer;
}

}  // namespace wgns
