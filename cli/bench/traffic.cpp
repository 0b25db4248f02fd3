#include "cli/bench/traffic.h"

#include <sched.h>
#include <sys/socket.h>

#include <cerrno>

namespace wgns::bench {

namespace {

Result<UniqueFd> new_socket(int type) {
    UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    if (!fd) return Error{errno, "socket", "", ""};
    return fd;
}

}  // namespace

Result<UniqueFd> bound_socket(int type, const IpAddress& address) {
    auto fd = new_socket(type);
    if (!fd) return fd;
    sockaddr_storage where{};
    Endpoint endpoint;
    endpoint.address = address;
    const unsigned size = to_sockaddr(endpoint, where);
    if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&where), size) != 0)
        return Error{errno, "bind", address.to_string(), ""};
    return fd;
}

Result<UniqueFd> connected_socket(int type, const Endpoint& to) {
    auto fd = new_socket(type);
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

Result<Child, Failure> start_in(const Namespace& ns,
                                std::function<Result<nlohmann::json>(Channel&)> work) {
    return Child::start([ns = ns.fd(), work = std::move(work)](Channel& channel) {
        const auto entered = check(::setns(ns, CLONE_NEWNET), "setns");
        const auto outcome = entered ? work(channel) : Result<nlohmann::json>(entered.error());
        static_cast<void>(
            channel.send(outcome ? *outcome : error_json("traffic: " + describe(outcome.error()))));
    });
}

}  // namespace wgns::bench
