// A server in a process of its own, on the loopback device.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

#include "cli/bench/server.h"
#include "cli/bench/service.h"

namespace wgns::bench {

class Served {
public:
    explicit Served(const std::string& version) {
        // Two ports side by side that nobody has.
        for (at_ = *Endpoint::parse("127.0.0.1:20000"); !child_ && at_.port < 20'100; at_.port += 2)
            start(version);
        at_.port -= 2;
    }

    [[nodiscard]] const Endpoint& at() const noexcept { return at_; }

private:
    void start(const std::string& version) {
        auto server = Server::open(at_, version);
        if (!server || !bound_socket(SOCK_STREAM, traffic_endpoint(at_))) return;
        auto child = Child::start([&](Channel&) {
            const Interrupt interrupt;
            server->serve(interrupt);
        });
        if (child) child_.emplace(*std::move(child));
    }

    Endpoint at_;
    std::optional<Child> child_;
};

}  // namespace wgns::bench
