#include "control/endpoint_resolver.h"

#include <algorithm>
#include <optional>
#include <span>

namespace wgns {

namespace asio = boost::asio;

namespace {

// Between two looks at the device, each of which copies what it is: names that are due at almost
// the same time share one.
constexpr Duration snapshot_pause = std::chrono::milliseconds(200);

constexpr const char* calls_to_look_up[] = {
    // files to read, and what tells whether they have changed
    "access",
    "faccessat",
    "faccessat2",
    "fstatfs",
    "getcwd",
    "getdents64",
    "geteuid",
    "getuid",
    "getegid",
    "getgid",
    "lstat",
    "newfstatat",
    "open",
    "openat",
    "pread64",
    "readlink",
    "readlinkat",
    "stat",
    "statfs",
    "statx",
    "uname",
    // servers of names
    "bind",
    "connect",
    "getpeername",
    "getsockname",
    "getsockopt",
    "poll",
    "ppoll",
    "pselect6",
    "recvfrom",
    "recvmmsg",
    "select",
    "sendmmsg",
    "sendto",
    "setsockopt",
    "socket",
    "socketpair",
};

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

EndpointRefresh::Times times_of(const NamedEndpoint& endpoint) {
    return {std::chrono::seconds(endpoint.refresh_seconds),
            std::chrono::seconds(std::max(endpoint.restart_seconds, 1u))};
}

// At least 0, though the wall clock may have been set back since.
Duration age_of(const WallTime& then, const WallTime& now) {
    return std::max<Duration>(std::chrono::seconds(now.seconds - then.seconds), Duration::zero());
}

}  // namespace

std::span<const char* const> calls_of_resolver() noexcept {
    return calls_to_look_up;
}

std::vector<Endpoint> reachable(std::vector<Endpoint> answers, Families families) {
    std::erase_if(answers, [&](const Endpoint& answer) {
        return !(answer.address.is_v4() ? families.v4 : families.v6);
    });
    return answers;
}

EndpointResolver::EndpointResolver(asio::io_context& context, Families families, Calls calls)
    : resolver_(context), timer_(context), families_(families), calls_(std::move(calls)) {}

void EndpointResolver::follow(const std::vector<NamedEndpoint>& endpoints) {
    for (Name& name : names_)
        name.is_forgotten =
            std::find(endpoints.begin(), endpoints.end(), name.endpoint) == endpoints.end();
    names_.remove_if([](const Name& name) { return name.is_forgotten && !name.is_asked; });
    for (const NamedEndpoint& each : endpoints) {
        const bool is_there = std::any_of(names_.begin(), names_.end(), [&](const Name& name) {
            return name.endpoint == each && !name.is_forgotten;
        });
        if (!is_there)
            names_.push_back({each, EndpointRefresh(times_of(each), entropy_, clock_.now())});
    }
    schedule();
}

void EndpointResolver::network_changed() {
    for (Name& name : names_)
        name.refresh.network_changed(clock_.now());
    schedule();
}

void EndpointResolver::stop() {
    stopped_ = true;
    resolver_.cancel();
    timer_.cancel();
}

// The timer does not count while the machine sleeps, and the times do: after a night what is due is
// looked at with the next check, at most EndpointRefresh::watch_time later.
void EndpointResolver::schedule() {
    if (stopped_ || is_looking_) return;
    std::optional<TimePoint> next;
    for (const Name& name : names_)
        if (!name.is_asked && (!next || name.refresh.next_check() < *next))
            next = name.refresh.next_check();
    if (!next) return;
    timer_.expires_after(std::max(*next, looked_at_ + snapshot_pause) - clock_.now());
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !stopped_) look();
    });
}

void EndpointResolver::look() {
    looked_at_ = clock_.now();
    is_looking_ = true;
    const bool is_taken = calls_.look([this](const DeviceSnapshot& snapshot) {
        is_looking_ = false;
        if (!stopped_) check(snapshot);
    });
    if (is_taken) return;
    is_looking_ = false;
    schedule();
}

void EndpointResolver::check(const DeviceSnapshot& snapshot) {
    const TimePoint now = clock_.now();
    for (Name& name : names_) {
        if (name.is_asked || name.refresh.next_check() > now) continue;
        if (name.refresh.check(facts_of(name.endpoint.peer, snapshot), now)) look_up(name);
    }
    schedule();
}

void EndpointResolver::look_up(Name& name) {
    name.is_asked = true;
    resolver_.async_resolve(
        name.endpoint.host, std::to_string(name.endpoint.port),
        asio::ip::udp::resolver::numeric_service,
        [this, &name](const boost::system::error_code& error, const Results& results) {
            if (!stopped_) answer(name, error, results);
        });
}

void EndpointResolver::answer(Name& name, const boost::system::error_code& error,
                              const Results& results) {
    if (name.is_forgotten) return finish(name);
    if (error) return retry(name, error.message());
    std::vector<Endpoint> answers;
    for (const auto& result : results)
        answers.push_back(from_asio(result.endpoint()));
    answers = reachable(std::move(answers), families_);
    if (answers.empty()) return retry(name, "no address of a family that this host has");
    // The answer took its time, in which the peer may have roamed.
    const bool is_taken = calls_.look([this, &name, answers](const DeviceSnapshot& snapshot) {
        if (!stopped_) decide(name, answers, snapshot);
    });
    if (!is_taken) retry(name, "the worker is busy");
}

void EndpointResolver::decide(Name& name, const std::vector<Endpoint>& answers,
                              const DeviceSnapshot& snapshot) {
    if (name.is_forgotten) return finish(name);
    const PeerFacts facts = facts_of(name.endpoint.peer, snapshot);
    const auto endpoint = name.refresh.answered(answers, facts, clock_.now());
    if (endpoint && !calls_.write(name.endpoint.peer, *endpoint))
        return retry(name, "the worker is busy");
    if (endpoint) name.refresh.written(*endpoint, clock_.now());
    finish(name);
}

void EndpointResolver::retry(Name& name, const std::string& reason) {
    calls_.failed(name.endpoint.host, reason);
    name.refresh.failed(clock_.now());
    finish(name);
}

void EndpointResolver::finish(Name& name) {
    name.is_asked = false;
    if (name.is_forgotten) names_.remove_if([&](const Name& each) { return &each == &name; });
    schedule();
}

// A peer that is gone has none, and is not made again.
PeerFacts EndpointResolver::facts_of(const PublicKey& peer, const DeviceSnapshot& snapshot) const {
    PeerFacts facts;
    const auto at = std::find_if(snapshot.peers.begin(), snapshot.peers.end(),
                                 [&](const PeerSnapshot& each) { return each.public_key == peer; });
    if (at == snapshot.peers.end()) return facts;
    facts.endpoint = at->endpoint;
    if (at->last_handshake.seconds != 0)
        facts.handshake_age = age_of(at->last_handshake, clock_.wall_time());
    if (!at->unanswered_since.is_never())
        facts.unanswered_for = clock_.now() - at->unanswered_since;
    return facts;
}

}  // namespace wgns
