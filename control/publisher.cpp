#include "control/publisher.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <span>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <future>
#include <utility>

#include "control/acceptor.h"
#include "control/carried_connection.h"

namespace wgns {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// For what else the process holds.
constexpr rlim_t other_descriptors = 512;
constexpr int accept_backlog = 128;

constexpr const char* calls_to_carry[] = {
    "accept4",  "connect", "getpeername", "getsockname", "getsockopt",
    "recvfrom", "sendto",  "setsockopt",  "shutdown",    "socket",
};

void raise_descriptor_limit(std::size_t connections) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const rlim_t wanted = std::min<rlim_t>(limit.rlim_max, 2 * connections + other_descriptors);
    if (wanted <= limit.rlim_cur) return;
    limit.rlim_cur = wanted;
    // Without it connections wait sooner.
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Without it a connection works, if less well.
void set_option(int fd, int level, int option) {
    const int on = 1;
    ::setsockopt(fd, level, option, &on, sizeof on);
}

std::string listener_hint(int code, const std::string& key) {
    if (code == EADDRINUSE)
        return "another program listens there; end it, or give " + key + " another port";
    if (code == EADDRNOTAVAIL || code == EAFNOSUPPORT)
        return "the host does not have this address; correct " + key;
    if (code == EACCES) return key + " needs root for ports below 1024";
    return {};
}

// The addresses by which a server inside is tried.
constexpr int inner_families[] = {AF_INET, AF_INET6};

StreamSocket::endpoint_type loopback_endpoint(int family, std::uint16_t port) {
    const IpAddress address = *IpAddress::parse(family == AF_INET ? "127.0.0.1" : "::1");
    Endpoint to;
    to.address = address;
    to.port = port;
    sockaddr_storage storage{};
    const unsigned length = to_sockaddr(to, storage);
    return {&storage, length};
}

// A port that nobody listens on may be the one that the kernel chose for us: TCP then connects to
// itself.
bool is_own_end(const StreamSocket& socket) {
    error_code error;
    const auto here = socket.local_endpoint(error);
    if (error) return false;
    const auto there = socket.remote_endpoint(error);
    return !error && here == there;
}

}  // namespace

std::span<const char* const> calls_of_publisher() noexcept {
    return calls_to_carry;
}

Result<UniqueFd> open_listener(const Endpoint& host, const std::string& key) {
    const std::string text = host.to_string();
    const int family = host.address.is_v4() ? AF_INET : AF_INET6;
    UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return Error{errno, "socket", text, listener_hint(errno, key)};
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    if (family == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
    sockaddr_storage address{};
    const unsigned length = to_sockaddr(host, address);
    auto done =
        check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length), "bind", text);
    if (done) done = check(::listen(fd.get(), accept_backlog), "listen", text);
    if (done) return fd;
    done.error().hint = listener_hint(done.error().code, key);
    return done.error();
}

struct Publisher::Port {
    Port(Publisher& publisher, PublishedListener published)
        : inside(published.inside),
          acceptor(
              publisher.context_, std::move(published.listener),
              [this, &publisher](StreamSocket connection) {
                  publisher.admit(std::move(connection), inside);
              },
              [host = std::move(published.host)](const Error& error) {
                  spdlog::warn("{}: connections wait: {}", host, describe(error));
              }) {}

    std::uint16_t inside;
    Acceptor acceptor;
};

// A connection that was accepted and has no other end yet.
struct Publisher::Opening {
    Opening(StreamSocket from, std::uint16_t to)
        : host(std::move(from)), inside(host.get_executor()), port(to) {}

    StreamSocket host;
    StreamSocket inside;
    std::uint16_t port;
    std::size_t attempt = 0;  // in `inner_families`
};

Publisher::Publisher(std::size_t connections)
    : connections_limit_(connections), context_(1), work_(context_.get_executor()) {}

Result<std::unique_ptr<Publisher>> Publisher::start(UniqueFd inner_namespace,
                                                    std::function<Status()> settle,
                                                    std::size_t connections) {
    raise_descriptor_limit(connections);
    std::unique_ptr<Publisher> made(new Publisher(connections));
    std::promise<Status> promise;
    auto entered = promise.get_future();
    made->thread_ =
        std::thread([raw = made.get(), promise = std::move(promise),
                     ns = std::move(inner_namespace), settle = std::move(settle)]() mutable {
            const auto entered =
                check(::setns(ns.get(), CLONE_NEWNET), "setns", "the namespace inside");
            ns.reset();
            Status done = entered ? settle() : entered.error();
            const bool is_inside = done.has_value();
            promise.set_value(std::move(done));
            if (is_inside) raw->context_.run();
        });
    const auto done = entered.get();
    if (!done) return done.error();
    return made;
}

Publisher::~Publisher() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

void Publisher::serve(std::vector<PublishedListener> published) {
    asio::post(context_, [this, published = std::move(published)]() mutable {
        replace(std::move(published));
    });
}

void Publisher::replace(std::vector<PublishedListener> published) {
    std::map<std::string, std::unique_ptr<Port>> ports;
    for (PublishedListener& each : published) {
        const auto known = ports_.find(each.host);
        if (each.listener) {
            const std::string host = each.host;
            ports[host] = std::make_unique<Port>(*this, std::move(each));
        } else if (known != ports_.end() && known->second) {
            known->second->inside = each.inside;
            ports[each.host] = std::move(known->second);
        }
    }
    for (const auto& [host, port] : ports_)
        if (port && ports.count(host) == 0) port->acceptor.shut();
    ports_ = std::move(ports);
    if (connections_ >= connections_limit_) return;
    for (const auto& [host, port] : ports_)
        port->acceptor.start();
}

void Publisher::admit(StreamSocket connection, std::uint16_t inside) {
    // A host that is gone without a word is noticed in the end.
    set_option(connection.native_handle(), SOL_SOCKET, SO_KEEPALIVE);
    set_option(connection.native_handle(), IPPROTO_TCP, TCP_NODELAY);
    if (++connections_ >= connections_limit_)
        for (const auto& [host, port] : ports_)
            port->acceptor.stop();
    connect(std::make_shared<Opening>(std::move(connection), inside));
}

void Publisher::connect(const std::shared_ptr<Opening>& opening) {
    const int family = inner_families[opening->attempt];
    // In the namespace of this thread.
    UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return connected(opening, false);
    set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY);
    if (adopt(opening->inside, std::move(fd)) != 0) return connected(opening, false);
    opening->inside.async_connect(loopback_endpoint(family, opening->port),
                                  [this, opening](const error_code& error) {
                                      connected(opening, !error && !is_own_end(opening->inside));
                                  });
}

void Publisher::connected(const std::shared_ptr<Opening>& opening, bool is_there) {
    if (is_there)
        return CarriedConnection::start(std::move(opening->host), std::move(opening->inside),
                                        [this] { ended(); });
    error_code ignored;
    opening->inside.close(ignored);
    if (++opening->attempt < std::size(inner_families)) return connect(opening);
    reset_connection(opening->host);
    ended();
}

void Publisher::ended() {
    --connections_;
    for (const auto& [host, port] : ports_)
        port->acceptor.start();
}

}  // namespace wgns
