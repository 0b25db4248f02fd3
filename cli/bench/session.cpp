#include "cli/bench/session.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "cli/bench/service.h"

namespace wgns::bench {

using nlohmann::json;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds connected_within{5};
constexpr std::chrono::seconds greeted_within{5};

Failure nobody_answers(const Endpoint& server, const std::string& why) {
    return failed(fmt::format("nobody answers at {} ({}); run there: wgns-user bench --serve {}",
                              server.to_string(), why, server.to_string()));
}

Failure no_server(const Endpoint& server) {
    return failed(fmt::format("what answers at {} is no `wgns-user bench --serve`; give its port",
                              server.to_string()));
}

int error_of(const UniqueFd& socket) {
    int code = 0;
    socklen_t size = sizeof code;
    return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

// Ctrl-C ends the waiting, unlike that of connect(2).
class Connecting {
public:
    explicit Connecting(const Endpoint& to)
        : fd_(::socket(to.address.is_v4() ? AF_INET : AF_INET6,
                       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_storage where{};
        const unsigned size = to_sockaddr(to, where);
        if (!fd_ || ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0)
            code_ = errno;
    }

    // What came of it; zero: it is connected.
    [[nodiscard]] int wait(const Interrupt& interrupt) {
        const auto deadline = steady_clock::now() + connected_within;
        while (code_ == EINPROGRESS && steady_clock::now() < deadline && !interrupt.came()) {
            pollfd one{fd_.get(), POLLOUT, 0};
            if (::poll(&one, 1, 100) > 0) code_ = error_of(fd_);
        }
        return code_ == EINPROGRESS ? ETIMEDOUT : code_;
    }
    [[nodiscard]] UniqueFd take() {
        const int flags = ::fcntl(fd_.get(), F_GETFL);
        ::fcntl(fd_.get(), F_SETFL, flags & ~O_NONBLOCK);
        return std::move(fd_);
    }

private:
    UniqueFd fd_;
    int code_ = 0;
};

Result<Child, Failure> connect(const Endpoint& server, const Interrupt& interrupt) {
    Connecting connecting(server);
    const int code = connecting.wait(interrupt);
    if (interrupt.came()) return interrupted();
    if (code != 0) return nobody_answers(server, std::strerror(code));
    return Child::at(server.to_string(), Channel(connecting.take()));
}

}  // namespace

Result<Session, Failure> Session::begin(const Endpoint& server, const std::string& own_version,
                                        const Interrupt& interrupt) {
    auto connection = connect(server, interrupt);
    if (!connection) return connection.error();
    static_cast<void>(connection->channel().send({{"bench", own_version}}));
    const int fd = connection->channel().fd();
    const auto woken = interrupt.wait(fd, steady_clock::now() + greeted_within);
    if (woken == Interrupt::Woken::interrupted) return interrupted();
    const auto greeting =
        woken == Interrupt::Woken::ready ? connection->channel().receive() : std::nullopt;
    const std::string version = greeting ? text_in(*greeting, "version") : "";
    if (version.empty()) return no_server(server);
    if (version != own_version)
        return failed(fmt::format("{} has wgns-user {}, this is {}; have the same version at both",
                                  server.to_string(), version, own_version));
    const std::string error = text_in(*greeting, "error");
    if (!error.empty()) return failed(server.to_string() + ": " + error);
    return Session(server, *std::move(connection), text_in(*greeting, "session"), interrupt);
}

Result<Child, Failure> Session::start_listener(const Task& task) const {
    auto connection = connect(server_, *interrupt_);
    if (!connection) return connection;
    static_cast<void>(connection->channel().send({{"session", token_}, {"task", json_of(task)}}));
    return connection;
}

}  // namespace wgns::bench
