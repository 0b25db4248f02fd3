// Turns the names in `Endpoint = NAME:PORT` into addresses, in the network and mount namespace of
// the process that asks: never inside the tunnel's. When to ask, and what to do with an answer, is
// EndpointRefresh's to say; this carries it out. Control thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "control/endpoint_refresh.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "protocol/device_snapshot.h"

namespace wgns {

// What libc calls to look a name up: files that say how, its modules, and sockets towards servers
// (getaddrinfo(3), nsswitch.conf(5)).
[[nodiscard]] std::span<const char* const> calls_of_resolver() noexcept;

// A peer whose endpoint is a name.
struct NamedEndpoint {
    PublicKey peer;
    std::string host;
    std::uint16_t port = 0;
    std::uint32_t refresh_seconds = 0;  // 0: at first, and when the peer is silent
    std::uint32_t restart_seconds = 1;  // before the first retry; 0 is 1

    friend bool operator==(const NamedEndpoint&, const NamedEndpoint&) noexcept = default;
};

// The address families that have a UDP socket.
struct Families {
    bool v4 = true;
    bool v6 = true;
};

// Those of `answers` that a socket can reach, in the resolver's own order of preference (RFC 6724).
[[nodiscard]] std::vector<Endpoint> reachable(std::vector<Endpoint> answers, Families families);

class EndpointResolver {
public:
    // What it needs of the device, and whom it tells of failures.
    struct Calls {
        // `look` is answered once, in its context. False: too busy, and it is not.
        std::function<bool(std::function<void(const DeviceSnapshot&)>)> look;
        // Gives the peer this endpoint and starts a handshake. False: too busy.
        std::function<bool(const PublicKey& peer, const Endpoint& endpoint)> write;
        // After each attempt without a usable answer.
        std::function<void(const std::string& host, const std::string& reason)> failed;
    };

    // The context outlives the resolver, and runs no more once that is gone.
    EndpointResolver(boost::asio::io_context& context, Families families, Calls calls);

    // Looks each name up at once, goes on until there is an answer, and from then on as often as
    // the endpoint says. In place of those that it followed before, but what is the same goes on.
    void follow(const std::vector<NamedEndpoint>& endpoints);
    // Routes or addresses of the host are others.
    void network_changed();
    // Ends every attempt.
    void stop();

private:
    using Results = boost::asio::ip::udp::resolver::results_type;
    struct Name {
        NamedEndpoint endpoint;
        EndpointRefresh refresh;
        bool is_asked = false;      // an answer is under way
        bool is_forgotten = false;  // gone with that answer
    };

    void schedule();
    void look();
    void check(const DeviceSnapshot& snapshot);
    void look_up(Name& name);
    void answer(Name& name, const boost::system::error_code& error, const Results& results);
    void decide(Name& name, const std::vector<Endpoint>& answers, const DeviceSnapshot& snapshot);
    void retry(Name& name, const std::string& reason);
    void finish(Name& name);
    [[nodiscard]] PeerFacts facts_of(const PublicKey& peer, const DeviceSnapshot& snapshot) const;

    boost::asio::ip::udp::resolver resolver_;
    boost::asio::steady_timer timer_;
    Families families_;
    Calls calls_;
    SystemClock clock_;
    SystemEntropy entropy_;
    std::list<Name> names_;  // callbacks point into it
    TimePoint looked_at_;
    bool is_looking_ = false;
    bool stopped_ = false;
};

}  // namespace wgns
