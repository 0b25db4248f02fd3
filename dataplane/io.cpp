#include "dataplane/io.h"

#include <algorithm>
#include <iterator>
#include <thread>

#include "dataplane/epoll_io.h"
#include "dataplane/uring.h"
#include "dataplane/uring_io.h"

namespace wgns {

namespace {

template <class Backend>
Result<IoChoice> made(Ports ports, std::string reason) {
    auto io = Backend::create(std::move(ports));
    if (!io) return io.error();
    return IoChoice{*std::move(io), std::move(reason)};
}

constexpr const char* calls_of_rings[] = {"io_uring_enter", "io_uring_register", "io_uring_setup"};

constexpr const char* calls_for_packets[] = {
    "bind",       "epoll_ctl", "epoll_wait", "getsockname", "getsockopt", "read",
    "readv",      "recvmmsg",  "recvmsg",    "sendmmsg",    "sendmsg",    "sendto",
    "setsockopt", "socket",    "write",      "writev",
};

}  // namespace

std::span<const char* const> calls_of_io() noexcept {
    return calls_for_packets;
}

std::span<const char* const> more_calls_of_io(IoKind kind) noexcept {
    if (kind == IoKind::epoll) return {};
    return calls_of_rings;
}

void pause_after_failure() {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

bool is_failure(int result) noexcept {
    constexpr int harmless[] = {EAGAIN, EINTR, ETIME, ENOBUFS, ECANCELED};
    return result < 0 && std::ranges::find(harmless, -result) == std::end(harmless);
}

void Io::set_udp(UniqueFd, UniqueFd, std::function<void(int error)> done) {
    done(EOPNOTSUPP);
}

std::optional<IoKind> parse_io_kind(std::string_view text) noexcept {
    if (text == "auto") return IoKind::automatic;
    if (text == "uring") return IoKind::uring;
    if (text == "epoll") return IoKind::epoll;
    return std::nullopt;
}

Result<IoChoice> make_io(IoKind kind, Ports ports) {
    if (kind == IoKind::epoll) return made<EpollIo>(std::move(ports), {});
    const Status usable = Uring::probe();
    if (usable) return made<UringIo>(std::move(ports), {});
    if (kind == IoKind::uring) return usable.error();
    return made<EpollIo>(std::move(ports), describe(usable.error()));
}

}  // namespace wgns
