#include "cli/bench/server.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "cli/bench/service.h"
#include "crypto/random.h"
#include "crypto/x25519.h"

namespace wgns::bench {

using nlohmann::json;
using std::chrono::steady_clock;

namespace {

constexpr int order_within_ms = 2000;
// An end that was lost comes again.
constexpr int end_on_its_way_ms = 1500;
// Beyond what its tasks take; so long a client may think.
constexpr std::chrono::seconds idle_max{60};
constexpr std::chrono::hours without_a_session{1};

void say(const std::string& line) {
    fmt::print("{}\n", line);
    static_cast<void>(std::fflush(stdout));
}

// A host that is gone is found out in half a minute.
void keep_watch(int fd) {
    const auto set = [fd](int level, int option, int value) {
        ::setsockopt(fd, level, option, &value, sizeof value);
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(IPPROTO_TCP, TCP_KEEPCNT, 4);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

bool is_over(int fd, int within_ms = 0) {
    pollfd one{fd, POLLRDHUP, 0};
    return ::poll(&one, 1, within_ms) > 0;
}

std::string new_token() {
    SystemEntropy entropy;
    std::array<std::uint8_t, 32> bytes{};
    entropy.fill(bytes);
    return key_to_hex(bytes);
}

void refuse(const Channel& connection, const std::string& line) {
    static_cast<void>(connection.send(error_json(line)));
}

// The client goes first: an end that goes before may lose its last words.
void carry_out(Channel& connection, const Endpoint& at, const Task& task) {
    tell(connection, listen(connection, at, task));
    while (connection.receive())
        continue;
}

}  // namespace

Result<Server, Failure> Server::open(const Endpoint& at, std::string own_version) {
    auto listener = bound_socket(SOCK_STREAM, at);
    if (!listener) return failed("a server", listener.error());
    if (::listen(listener->get(), SOMAXCONN) != 0)
        return failed("a server", Error{errno, "listen", at.to_string(), ""});
    UniqueFd events(::epoll_create1(EPOLL_CLOEXEC));
    if (!events) return failed("a server", Error{errno, "epoll_create1", "", ""});
    Server server(at, std::move(own_version), *std::move(listener), std::move(events));
    if (!server.watch(server.listener_.get(), EPOLLIN))
        return failed("a server", Error{errno, "epoll_ctl", "", ""});
    return server;
}

bool Server::watch(int fd, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    return ::epoll_ctl(events_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Server::serve(const Interrupt& interrupt) {
    for (;;) {
        const auto deadline =
            session_ ? session_->ends_at : steady_clock::now() + without_a_session;
        switch (interrupt.wait(events_.get(), deadline)) {
            case Interrupt::Woken::interrupted:
                if (session_) end_session("is turned away");
                return;
            case Interrupt::Woken::late:
                if (session_) end_session("has ordered nothing for a minute");
                break;
            case Interrupt::Woken::ready:
                end_what_is_over();
                if (pollfd one{listener_.get(), POLLIN, 0}; ::poll(&one, 1, 0) > 0) accept();
                break;
        }
    }
}

void Server::end_what_is_over() {
    if (!session_) return;
    if (is_over(session_->connection.fd())) return end_session("is done");
    for (auto* const job : {&session_->tcp, &session_->datagrams})
        if (*job && (is_over((*job)->connection.fd()) || (*job)->child.channel().wait(0)))
            job->reset();
}

void Server::end_session(const char* how) {
    say(session_->peer + " " + how);
    session_->tcp.reset();
    session_->datagrams.reset();
    session_->connection.close();
    session_.reset();
}

void Server::accept() {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    UniqueFd fd(
        ::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC));
    if (!fd) return;
    keep_watch(fd.get());
    Channel connection(std::move(fd));
    // Whoever connects and says nothing keeps others waiting for no longer than that.
    const auto order = connection.wait(order_within_ms) ? connection.receive() : std::nullopt;
    if (!order) return;
    if (const std::string version = text_in(*order, "bench"); !version.empty())
        greet(std::move(connection), from_sockaddr(from).to_string(), version);
    else
        start(std::move(connection), *order);
}

void Server::greet(Channel connection, const std::string& peer, const std::string& their_version) {
    if (session_ && is_over(session_->connection.fd(), end_on_its_way_ms)) end_session("is done");
    json greeting{{"version", version_}};
    if (their_version != version_)
        greeting["error"] = "another version";
    else if (session_)
        greeting["error"] = session_->peer + " measures already; try again when it is done";
    else if (!watch(connection.fd(), EPOLLRDHUP))
        greeting["error"] = "no room for a client";
    if (!greeting.contains("error")) {
        greeting["session"] = new_token();
        say(peer + " measures");
    }
    static_cast<void>(connection.send(greeting));
    if (greeting.contains("error")) return;
    session_.emplace(Session{std::move(connection), peer, text_in(greeting, "session"),
                             steady_clock::now() + idle_max, std::nullopt, std::nullopt});
}

void Server::start(Channel connection, const json& order) {
    if (!session_ || text_in(order, "session") != session_->token)
        return refuse(connection, "there is no such session");
    const auto task = task_of(order.contains("task") ? order.at("task") : json());
    if (!task) return refuse(connection, describe(task.error()));
    auto& job = task->traffic == Traffic::tcp ? session_->tcp : session_->datagrams;
    // The one before, at the same port, is over: its end may still be on its way here.
    job.reset();
    auto child =
        Child::start([&](Channel&) { carry_out(connection, traffic_endpoint(at_), *task); });
    if (!child) return refuse(connection, child.error().line);
    const auto end = steady_clock::now() + task->phases.sending() + idle_max;
    session_->ends_at = std::max(session_->ends_at, end);
    const bool is_watched =
        watch(connection.fd(), EPOLLRDHUP) && watch(child->channel().fd(), EPOLLIN);
    if (is_watched) job.emplace(Job{std::move(connection), *std::move(child)});
}

}  // namespace wgns::bench
