#include "cli/bench/traffic.h"

#include <sched.h>
#include <sys/socket.h>

#include <cerrno>

namespace wgns::bench {

namespace {

Result<UniqueFd> new_socket(int type, const IpAddress& address) {
    UniqueFd fd(::socket(address.is_v4() ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0));
    if (!fd) return Error{errno, "socket", "", ""};
    return fd;
}

}  // namespace

Result<UniqueFd> bound_socket(int type, const Endpoint& at) {
    auto fd = new_socket(type, at.address);
    if (!fd) return fd;
    // A port that is always the same is taken for a minute after its last connection.
    const int on = 1;
    if (type == SOCK_STREAM) ::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_storage where{};
    const unsigned size = to_sockaddr(at, where);
    if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&where), size) != 0)
        return Error{errno, "bind", at.to_string(), ""};
    return fd;
}

Result<UniqueFd> connected_socket(int type, const Endpoint& to) {
    auto fd = new_socket(type, to.address);
    if (!fd) return fd;
    sockaddr_storage where{};
    const unsigned size = to_sockaddr(to, where);
    if (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&where), size) != 0)
        return Error{errno, "connect", to.to_string(), ""};
    return fd;
}

std::uint16_t port_of(const UniqueFd& socket) {
    sockaddr_storage where{};
    socklen_t size = sizeof where;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&where), &size) != 0) return 0;
    return from_sockaddr(where).port;
}

void tell(const Channel& channel, const Result<nlohmann::json>& outcome) {
    static_cast<void>(
        channel.send(outcome ? *outcome : error_json("traffic: " + describe(outcome.error()))));
}

Result<Child, Failure> start_in(const Namespace& ns,
                                std::function<Result<nlohmann::json>(Channel&)> work) {
    return Child::start([ns = ns.fd(), work = std::move(work)](Channel& channel) {
        const auto entered = check(::setns(ns, CLONE_NEWNET), "setns");
        tell(channel, entered ? work(channel) : Result<nlohmann::json>(entered.error()));
    });
}

}  // namespace wgns::bench
