// Turns the names in `Endpoint = NAME:PORT` into addresses, in the network and mount namespace of
// the process that asks: never inside the tunnel's. Control thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "control/back_off.h"
#include "crypto/secret.h"

namespace wgns {

// A peer whose endpoint is a name.
struct NamedEndpoint {
    PublicKey peer;
    std::string host;
    std::uint16_t port = 0;
};

// The address families that have a UDP socket.
struct Families {
    bool v4 = true;
    bool v6 = true;
};

// The first of `answers`, in the resolver's own order of preference (RFC 6724), that a socket can
// reach.
[[nodiscard]] std::optional<Endpoint> choose_endpoint(const std::vector<Endpoint>& answers,
                                                      Families families);

class EndpointResolver {
public:
    using Found = std::function<void(const PublicKey& peer, const Endpoint& endpoint)>;
    using Failed = std::function<void(const std::string& host, const std::string& reason)>;

    // `found` is called once a name, `failed` after each attempt without a usable answer. The
    // context outlives the resolver.
    EndpointResolver(boost::asio::io_context& context, Families families, Found found,
                     Failed failed);

    // Starts to look the name up, and goes on trying: after 1 s, doubling to 60 s.
    void resolve(NamedEndpoint endpoint);
    // Ends every attempt.
    void stop();

private:
    struct Attempt {
        NamedEndpoint endpoint;
        BackOff back_off;
        boost::asio::steady_timer timer;
    };

    void look_up(Attempt& attempt);
    void answer(Attempt& attempt, const boost::system::error_code& error,
                const boost::asio::ip::udp::resolver::results_type& results);
    void retry(Attempt& attempt, const std::string& reason);

    boost::asio::io_context& context_;
    boost::asio::ip::udp::resolver resolver_;
    Families families_;
    Found found_;
    Failed failed_;
    std::list<Attempt> attempts_;  // callbacks point into it
    bool stopped_ = false;
};

}  // namespace wgns
