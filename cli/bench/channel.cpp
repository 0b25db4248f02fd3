#include "cli/bench/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>

namespace wgns::bench {

using nlohmann::json;

namespace {

// An end that went without having read everything is told once, before what it had said itself.
ssize_t receive_packet(int fd, char* bytes, std::size_t size, int flags) noexcept {
    for (;;) {
        const ssize_t got = ::recv(fd, bytes, size, flags);
        if (got >= 0 || (errno != EINTR && errno != ECONNRESET)) return got;
    }
}

}  // namespace

Result<std::pair<Channel, Channel>> Channel::make() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return Error{errno, "socketpair", "", ""};
    return std::pair(Channel(UniqueFd(ends[0])), Channel(UniqueFd(ends[1])));
}

void Channel::close() noexcept {
    if (fd_) ::shutdown(fd_.get(), SHUT_RDWR);
    fd_.reset();
}

bool Channel::send(const json& value) const {
    const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
}

std::optional<json> Channel::receive() const {
    // Its length first: each value is one packet.
    const ssize_t size = receive_packet(fd_.get(), nullptr, 0, MSG_PEEK | MSG_TRUNC);
    if (size <= 0) return std::nullopt;
    std::string text(static_cast<std::size_t>(size), '\0');
    if (receive_packet(fd_.get(), text.data(), text.size(), 0) != size) return std::nullopt;
    json value = json::parse(text, nullptr, false);
    if (value.is_discarded()) return std::nullopt;
    return value;
}

bool Channel::wait(int milliseconds) const noexcept {
    pollfd one{fd_.get(), POLLIN, 0};
    return ::poll(&one, 1, milliseconds) > 0;
}

}  // namespace wgns::bench
