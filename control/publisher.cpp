#include "control/publisher.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <span>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <future>
#include <utility>

#include "control/listening.h"

namespace wgns {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// For what else the process holds.
constexpr rlim_t other_descriptors = 512;
constexpr int accept_backlog = 128;
constexpr std::chrono::milliseconds accept_pause{100};

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

// Returns errno. What one side writes in small pieces reaches the other as soon.
int adopt(StreamSocket& socket, UniqueFd fd) {
    set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY);
    error_code error;
    // The family matters to nobody once the socket is there.
    socket.assign(asio::generic::stream_protocol(AF_INET, IPPROTO_TCP), fd.get(), error);
    if (!error) static_cast<void>(fd.release());
    return error.value();
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
    Port(asio::io_context& context, PublishedListener published)
        : host(std::move(published.host)),
          inside(published.inside),
          listener(context, published.listener.release()),
          pause(context) {}

    std::string host;
    std::uint16_t inside;
    asio::posix::stream_descriptor listener;
    asio::steady_timer pause;
    bool is_waited_for = false;
    bool is_short = false;  // of descriptors or memory, which was said
};

// A connection that was accepted and has no other end yet.
struct Publisher::Opening {
    Opening(asio::io_context& context, std::uint16_t to)
        : host(context), inside(context), port(to) {}

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
    std::map<std::string, std::shared_ptr<Port>> ports;
    for (PublishedListener& each : published) {
        const auto known = ports_.find(each.host);
        auto& port = ports[each.host];
        if (each.listener) {
            port = std::make_shared<Port>(context_, std::move(each));
        } else if (known != ports_.end()) {
            port = known->second;
            port->inside = each.inside;
        } else {
            ports.erase(each.host);
        }
    }
    for (const auto& [host, port] : ports_) {
        const auto now = ports.find(host);
        if (now != ports.end() && now->second == port) continue;
        if (now == ports.end()) ::shutdown(port->listener.native_handle(), SHUT_RDWR);
        error_code ignored;
        port->listener.close(ignored);
        port->pause.cancel();
    }
    ports_ = std::move(ports);
    for (const auto& [host, port] : ports_)
        wait(port);
}

void Publisher::wait(const std::shared_ptr<Port>& port) {
    if (port->is_waited_for || connections_ >= connections_limit_ || !port->listener.is_open())
        return;
    port->is_waited_for = true;
    port->listener.async_wait(asio::posix::stream_descriptor::wait_read,
                              [this, port](const error_code& error) {
                                  port->is_waited_for = false;
                                  if (error == asio::error::operation_aborted) return;
                                  if (error) return pause(port, error.value());
                                  accept(port);
                              });
}

void Publisher::accept(const std::shared_ptr<Port>& port) {
    if (connections_ >= connections_limit_) return;  // when one has ended it goes on
    UniqueFd fd(
        ::accept4(port->listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) return accept_later(port, errno);
    // A host that is gone without a word is noticed in the end.
    set_option(fd.get(), SOL_SOCKET, SO_KEEPALIVE);
    const auto opening = std::make_shared<Opening>(context_, port->inside);
    if (const int code = adopt(opening->host, std::move(fd)); code != 0)
        return accept_later(port, code);
    port->is_short = false;
    ++connections_;
    connect(opening);
    wait(port);
}

void Publisher::accept_later(const std::shared_ptr<Port>& port, int code) {
    if (code == EAGAIN || code == EINTR || code == ECONNABORTED) return wait(port);
    if (is_shut(port->listener.native_handle())) return;
    pause(port, code);
}

void Publisher::pause(const std::shared_ptr<Port>& port, int code) {
    if (!port->is_short)
        spdlog::warn("{}: connections wait: {}", port->host,
                     describe(Error{code, "accept", {}, {}}));
    port->is_short = true;
    port->is_waited_for = true;
    port->pause.expires_after(accept_pause);
    port->pause.async_wait([this, port](const error_code& error) {
        port->is_waited_for = false;
        if (!error) wait(port);
    });
}

void Publisher::connect(const std::shared_ptr<Opening>& opening) {
    const int family = inner_families[opening->attempt];
    // In the namespace of this thread.
    UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd || adopt(opening->inside, std::move(fd)) != 0) return connected(opening, false);
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
        wait(port);
}

}  // namespace wgns
