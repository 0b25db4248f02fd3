#include "cli/bench/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>

namespace wgns::bench {

using nlohmann::json;

namespace {

constexpr std::size_t value_size_max = 64 * 1024;
// From its beginning to its end.
constexpr std::chrono::seconds value_within{5};

// An end that went without having read everything is told once, before what it had said itself.
ssize_t receive_piece(int fd, char* bytes, std::size_t size, int flags) noexcept {
    for (;;) {
        const ssize_t got = ::recv(fd, bytes, size, flags);
        if (got >= 0 || (errno != EINTR && errno != ECONNRESET)) return got;
    }
}

int milliseconds_until(std::chrono::steady_clock::time_point time) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(time - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

Result<std::pair<Channel, Channel>> Channel::make() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return Error{errno, "socketpair", "", ""};
    return std::pair(Channel(UniqueFd(ends[0])), Channel(UniqueFd(ends[1])));
}

void Channel::close() noexcept {
    if (fd_) ::shutdown(fd_.get(), SHUT_RDWR);
    fd_.reset();
}

bool Channel::send(const json& value) const {
    const std::string line = value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    for (std::string_view left = line; !left.empty();) {
        const ssize_t sent = ::send(fd_.get(), left.data(), left.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return false;
        left.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

// Takes nothing of the next value, so that the descriptor tells whether there is one.
std::optional<json> Channel::receive() const {
    std::string line;
    std::array<char, 4096> piece{};
    std::chrono::steady_clock::time_point deadline;
    while (!line.ends_with('\n')) {
        if (!line.empty() && !wait(milliseconds_until(deadline))) return std::nullopt;
        const ssize_t seen = receive_piece(fd_.get(), piece.data(), piece.size(), MSG_PEEK);
        if (seen <= 0) return std::nullopt;
        const std::string_view text(piece.data(), static_cast<std::size_t>(seen));
        const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
        if (receive_piece(fd_.get(), piece.data(), size, 0) != static_cast<ssize_t>(size))
            return std::nullopt;
        if (line.empty()) deadline = std::chrono::steady_clock::now() + value_within;
        line.append(piece.data(), size);
        if (line.size() > value_size_max) return std::nullopt;
    }
    json value = json::parse(line, nullptr, false);
    if (value.is_discarded()) return std::nullopt;
    return value;
}

bool Channel::wait(int milliseconds) const noexcept {
    pollfd one{fd_.get(), POLLIN, 0};
    return ::poll(&one, 1, milliseconds) > 0;
}

}  // namespace wgns::bench
