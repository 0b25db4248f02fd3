// `bench --serve`: the far end of a Path. Carries out the listening part of tasks (service.h) for
// one client at a time, each in a process of its own.
#pragma once

#include <optional>
#include <string>

#include "cli/bench/task.h"

namespace wgns::bench {

class Server {
public:
    // Listens at that address alone.
    [[nodiscard]] static Result<Server, Failure> open(const Endpoint& at, std::string own_version);

    // Until it is interrupted. Says on standard output whom it serves. Forks: call it in a program
    // of one thread.
    void serve(const Interrupt& interrupt);

    [[nodiscard]] const Endpoint& at() const noexcept { return at_; }

private:
    // A task that is being carried out.
    struct Job {
        Channel connection;
        Child child;  // gone before its connection is
    };
    // A client.
    struct Session {
        Channel connection;
        std::string peer;
        std::string token;
        SteadyTime ends_at;                 // unless it orders something
        std::optional<Job> tcp, datagrams;  // one each at the port of its kind
    };

    Server(const Endpoint& at, std::string version, UniqueFd listener, UniqueFd events)
        : at_(at),
          version_(std::move(version)),
          listener_(std::move(listener)),
          events_(std::move(events)) {}
    void end_what_is_over();
    void end_session(const char* how);
    void accept();
    void greet(Channel connection, const std::string& peer, const std::string& their_version);
    void start(Channel connection, const nlohmann::json& order);
    [[nodiscard]] bool watch(int fd, std::uint32_t events) const;

    Endpoint at_;
    std::string version_;
    UniqueFd listener_;
    UniqueFd events_;  // epoll
    std::optional<Session> session_;
};

}  // namespace wgns::bench
