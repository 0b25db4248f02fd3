// The C library's calls, for the dynamic linker to find before the library's own: each asks the
// plan first. A call that fails is not made; one that is cut short is made with less to do.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <cerrno>
#include <cstdarg>
#include <utility>

#include "tests/faults/fault_plan.h"
#include "tests/faults/faulty_ring.h"

using wgns::faults::become;
using wgns::faults::Fault;
using wgns::faults::next_fault;
using wgns::faults::RealFunction;
using wgns::faults::Role;
using wgns::faults::role;

namespace {

constinit RealFunction<decltype(::read)> real_read{"read"};
constinit RealFunction<decltype(::write)> real_write{"write"};
constinit RealFunction<decltype(::writev)> real_writev{"writev"};
constinit RealFunction<decltype(::recv)> real_recv{"recv"};
constinit RealFunction<decltype(::recvmsg)> real_recvmsg{"recvmsg"};
constinit RealFunction<decltype(::recvmmsg)> real_recvmmsg{"recvmmsg"};
constinit RealFunction<decltype(::send)> real_send{"send"};
constinit RealFunction<decltype(::mnl_socket_sendto)> real_mnl_socket_sendto{"mnl_socket_sendto"};
constinit RealFunction<decltype(::mnl_socket_recvfrom)> real_mnl_socket_recvfrom{
    "mnl_socket_recvfrom"};
constinit RealFunction<decltype(::memfd_create)> real_memfd_create{"memfd_create"};
constinit RealFunction<decltype(::fcntl)> real_fcntl{"fcntl"};
constinit RealFunction<decltype(::ioctl)> real_ioctl{"ioctl"};
constinit RealFunction<decltype(::sendmsg)> real_sendmsg{"sendmsg"};
constinit RealFunction<decltype(::accept4)> real_accept4{"accept4"};
constinit RealFunction<decltype(::connect)> real_connect{"connect"};
constinit RealFunction<decltype(::shutdown)> real_shutdown{"shutdown"};
constinit RealFunction<decltype(::setsockopt)> real_setsockopt{"setsockopt"};
constinit RealFunction<decltype(::getaddrinfo)> real_getaddrinfo{"getaddrinfo"};
constinit RealFunction<decltype(::setns)> real_setns{"setns"};
constinit RealFunction<decltype(::socket)> real_socket{"socket"};
constinit RealFunction<decltype(::poll)> real_poll{"poll"};
constinit RealFunction<decltype(::epoll_wait)> real_epoll_wait{"epoll_wait"};
constinit RealFunction<decltype(::epoll_ctl)> real_epoll_ctl{"epoll_ctl"};
constinit RealFunction<decltype(::timerfd_settime)> real_timerfd_settime{"timerfd_settime"};

// Of a thread that does not move packets.
std::optional<Fault> control_fault(const char* operation) noexcept {
    const bool is_planned = role() == Role::control || role() == Role::inside;
    return is_planned ? next_fault(operation) : std::nullopt;
}

int fail(const Fault& fault) noexcept {
    errno = -fault.result;
    return -1;
}

// A call about `size` bytes, which `call` makes for as many as it is given.
template <class Call>
ssize_t cut(std::optional<Fault> fault, std::size_t size, Call call) noexcept {
    if (!fault) return call(size);
    return fault->is_error() ? fail(*fault) : call(fault->part_of(size));
}

// A call that is made or not.
template <class Call>
auto whole(std::optional<Fault> fault, Call call) noexcept -> decltype(call()) {
    return fault && fault->is_error() ? fail(*fault) : call();
}

// A message whose first piece is cut, for `call`.
template <class Call>
ssize_t cut_message(std::optional<Fault> fault, const msghdr& message, Call call) noexcept {
    if (!fault || message.msg_iovlen == 0) return call(message);
    if (fault->is_error()) return fail(*fault);
    iovec piece = message.msg_iov[0];
    piece.iov_len = fault->part_of(piece.iov_len);
    msghdr less = message;
    less.msg_iov = &piece;
    less.msg_iovlen = 1;
    return call(less);
}

// Of a worker with a ring, only what it sends once more goes this way.
const char* sending() noexcept {
    return wgns::faults::thread_has_ring() ? "udp_resend" : "udp_send";
}

// A worker reads eight bytes from its mailbox's event, and packets from the TUN device.
const char* reading(std::size_t size) noexcept {
    return size == sizeof(std::uint64_t) ? "mailbox_read" : "tun_read";
}

}  // namespace

extern "C" {

ssize_t read(int fd, void* to, std::size_t size) {
    const auto call = [&](std::size_t part) { return real_read(fd, to, part); };
    if (role() != Role::worker) return cut(control_fault("read"), size, call);
    const auto fault = next_fault(reading(size));
    if (!fault || fault->is_error()) return cut(fault, size, call);
    // A device hands a whole packet over, however little is taken of it.
    const ssize_t got = call(size);
    return got <= 0 ? got : static_cast<ssize_t>(fault->part_of(static_cast<std::size_t>(got)));
}

ssize_t write(int fd, const void* from, std::size_t size) {
    return cut(control_fault("write"), size,
               [&](std::size_t part) { return real_write(fd, from, part); });
}

ssize_t writev(int fd, const iovec* pieces, int count) {
    const auto call = [&] { return real_writev(fd, pieces, count); };
    if (role() != Role::worker) return call();
    const auto fault = next_fault("tun_write");
    if (!fault) return call();
    return fault->is_error() ? fail(*fault) : real_writev(fd, pieces, 1);
}

ssize_t recv(int fd, void* to, std::size_t size, int flags) {
    return cut(control_fault("recv"), size,
               [&](std::size_t part) { return real_recv(fd, to, part, flags); });
}

ssize_t recvmsg(int fd, msghdr* message, int flags) {
    return cut_message(control_fault("recvmsg"), *message, [&](msghdr less) {
        const ssize_t got = real_recvmsg(fd, &less, flags);
        message->msg_namelen = less.msg_namelen;
        message->msg_controllen = less.msg_controllen;
        message->msg_flags = less.msg_flags;
        return got;
    });
}

int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
    become(Role::worker);
    const auto fault = next_fault("udp_receive");
    if (!fault) return real_recvmmsg(fd, messages, count, flags, timeout);
    if (fault->is_error()) return fail(*fault);
    const int got = real_recvmmsg(fd, messages, 1U, flags, timeout);
    if (got > 0) messages->msg_len = static_cast<unsigned>(fault->part_of(messages->msg_len));
    return got;
}

ssize_t send(int fd, const void* from, std::size_t size, int flags) {
    return cut(control_fault("send"), size,
               [&](std::size_t part) { return real_send(fd, from, part, flags); });
}

ssize_t mnl_socket_sendto(const mnl_socket* netlink, const void* from, std::size_t size) {
    return whole(control_fault("netlink_send"),
                 [&] { return real_mnl_socket_sendto(netlink, from, size); });
}

ssize_t mnl_socket_recvfrom(const mnl_socket* netlink, void* to, std::size_t size) {
    return whole(control_fault("netlink_receive"),
                 [&] { return real_mnl_socket_recvfrom(netlink, to, size); });
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    const auto fault = role() == Role::worker ? next_fault(sending()) : control_fault("sendmsg");
    return cut_message(fault, *message,
                       [&](const msghdr& given) { return real_sendmsg(fd, &given, flags); });
}

int accept4(int fd, sockaddr* from, socklen_t* length, int flags) {
    return whole(control_fault("accept4"), [&] { return real_accept4(fd, from, length, flags); });
}

int connect(int fd, const sockaddr* to, socklen_t length) {
    return whole(control_fault("connect"), [&] { return real_connect(fd, to, length); });
}

int shutdown(int fd, int how) noexcept {
    return whole(control_fault("shutdown"), [&] { return real_shutdown(fd, how); });
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t length) noexcept {
    return whole(control_fault("setsockopt"),
                 [&] { return real_setsockopt(fd, level, name, value, length); });
}

// What the C library does to look a name up it does by calls of its own, which nobody comes before.
int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
    const auto fault = next_fault("getaddrinfo");
    if (!fault) return real_getaddrinfo(name, service, hints, found);
    errno = -fault->result;
    return EAI_SYSTEM;
}

int setns(int fd, int kind) noexcept {
    const int result = real_setns(fd, kind);
    if (result == 0) become(Role::inside);
    return result;
}

int socket(int family, int type, int protocol) noexcept {
    return whole(control_fault("socket"), [&] { return real_socket(family, type, protocol); });
}

int poll(pollfd* polled, nfds_t count, int timeout) {
    return whole(control_fault("poll"), [&] { return real_poll(polled, count, timeout); });
}

int epoll_wait(int fd, epoll_event* events, int room, int timeout) {
    const auto fault = role() == Role::worker ? next_fault("wait") : control_fault("epoll_wait");
    if (fault && !fault->is_error()) return 0;
    return whole(fault, [&] { return real_epoll_wait(fd, events, room, timeout); });
}

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
    return whole(control_fault("epoll_ctl"),
                 [&] { return real_epoll_ctl(epoll, operation, fd, event); });
}

int timerfd_settime(int fd, int flags, const itimerspec* value, itimerspec* old) noexcept {
    return whole(control_fault("timerfd_settime"),
                 [&] { return real_timerfd_settime(fd, flags, value, old); });
}

int memfd_create(const char* name, unsigned flags) noexcept {
    return whole(control_fault("memfd_create"), [&] { return real_memfd_create(name, flags); });
}

int fcntl(int fd, int command, ...) {
    std::va_list rest;
    va_start(rest, command);
    const long argument = va_arg(rest, long);
    va_end(rest);
    const auto fault = command == F_DUPFD_CLOEXEC ? control_fault("dup") : std::nullopt;
    return whole(fault, [&] { return real_fcntl(fd, command, argument); });
}

int ioctl(int fd, unsigned long request, ...) noexcept {
    std::va_list rest;
    va_start(rest, request);
    void* const argument = va_arg(rest, void*);
    va_end(rest);
    return whole(control_fault("ioctl"), [&] { return real_ioctl(fd, request, argument); });
}

}  // extern "C"
