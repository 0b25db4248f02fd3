#include "control/endpoint_resolver.h"

#include <algorithm>
#include <cstring>

namespace wgns {

namespace asio = boost::asio;

namespace {

constexpr BackOff::Milliseconds first_retry{1000};
constexpr BackOff::Milliseconds retry_limit{60000};

Endpoint from_asio(const asio::ip::udp::endpoint& from) {
    Endpoint endpoint;
    if (from.address().is_v4()) {
        const auto bytes = from.address().to_v4().to_bytes();
        endpoint.address = IpAddress::v4(bytes);
    } else {
        const auto bytes = from.address().to_v6().to_bytes();
        endpoint.address = IpAddress::v6(bytes);
        endpoint.scope_id = static_cast<std::uint32_t>(from.address().to_v6().scope_id());
    }
    endpoint.port = from.port();
    return endpoint;
}

}  // namespace

std::optional<Endpoint> choose_endpoint(const std::vector<Endpoint>& answers, Families families) {
    const auto reachable = [&](const Endpoint& answer) {
        return answer.address.is_v4() ? families.v4 : families.v6;
    };
    const auto first = std::find_if(answers.begin(), answers.end(), reachable);
    if (first == answers.end()) return std::nullopt;
    return *first;
}

EndpointResolver::EndpointResolver(asio::io_context& context, Families families, Found found,
                                   Failed failed)
    : context_(context),
      resolver_(context),
      families_(families),
      found_(std::move(found)),
      failed_(std::move(failed)) {}

void EndpointResolver::resolve(NamedEndpoint endpoint) {
    attempts_.push_back(
        {std::move(endpoint), BackOff(first_retry, retry_limit), asio::steady_timer(context_)});
    look_up(attempts_.back());
}

void EndpointResolver::stop() {
    stopped_ = true;
    resolver_.cancel();
    for (Attempt& attempt : attempts_)
        attempt.timer.cancel();
}

void EndpointResolver::look_up(Attempt& attempt) {
    resolver_.async_resolve(attempt.endpoint.host, std::to_string(attempt.endpoint.port),
                            asio::ip::udp::resolver::numeric_service,
                            [this, &attempt](const boost::system::error_code& error,
                                             const asio::ip::udp::resolver::results_type& results) {
                                if (!stopped_) answer(attempt, error, results);
                            });
}

void EndpointResolver::answer(Attempt& attempt, const boost::system::error_code& error,
                              const asio::ip::udp::resolver::results_type& results) {
    if (error) return retry(attempt, error.message());
    std::vector<Endpoint> answers;
    for (const auto& result : results)
        answers.push_back(from_asio(result.endpoint()));
    const auto endpoint = choose_endpoint(answers, families_);
    if (!endpoint) return retry(attempt, "no address of a family that this host has");
    found_(attempt.endpoint.peer, *endpoint);
    attempts_.remove_if([&](const Attempt& each) { return &each == &attempt; });
}

void EndpointResolver::retry(Attempt& attempt, const std::string& reason) {
    failed_(attempt.endpoint.host, reason);
    if (stopped_) return;
    attempt.timer.expires_after(attempt.back_off.next());
    attempt.timer.async_wait([this, &attempt](const boost::system::error_code& error) {
        if (!error && !stopped_) look_up(attempt);
    });
}

}  // namespace wgns
