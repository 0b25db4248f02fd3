#include "cli/bench/tunnel.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/bench/ping_pong.h"
#include "crypto/x25519.h"

namespace wgns::bench {

using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds ready_for_traffic_within{15};

std::string with_name(std::string command, const std::string& name) {
    constexpr std::string_view place = "{}";
    for (auto at = command.find(place); at != std::string::npos; at = command.find(place, at)) {
        command.replace(at, place.size(), name);
        at += name.size();
    }
    return command;
}

double seconds_of(steady_clock::time_point time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::string uapi_for(Side side, const PrivateKey& own, const PublicKey& theirs) {
    return fmt::format(
        "private_key={}\nlisten_port={}\nreplace_peers=true\npublic_key={}\nendpoint={}:{}\n"
        "replace_allowed_ips=true\nallowed_ip={}/32\n",
        key_to_hex(own.bytes()), tunnel_port, key_to_hex(theirs.bytes),
        outer_address(other(side)).to_string(), tunnel_port,
        inner_address(other(side)).to_string());
}

Endpoint listener_at(std::uint16_t port) {
    Endpoint endpoint;
    endpoint.address = inner_address(Side::second);
    endpoint.port = port;
    return endpoint;
}

}  // namespace

Result<Tunnel, Failure> Tunnel::open(const std::string& command, const Interrupt& interrupt) {
    auto network = Network::make();
    if (!network) return failed("two network namespaces", network.error());
    auto first = Host::start(network->of(Side::first), interrupt);
    if (!first) return first.error();
    auto second = Host::start(network->of(Side::second), interrupt);
    if (!second) return second.error();
    Tunnel tunnel(*std::move(network), *std::move(first), *std::move(second), interrupt);
    const double begin = seconds_of(steady_clock::now());
    auto done = tunnel.start(command);
    if (done) done = tunnel.configure();
    if (!done) return done.error();
    const auto answered_at = tunnel.first_answer();
    if (!answered_at)
        return Failure{answered_at.error().status,
                       fmt::format("{} ({})", answered_at.error().line,
                                   command.empty() ? "wgns-user" : command)};
    tunnel.start_seconds_ = *answered_at - begin;
    return tunnel;
}

Result<Done, Failure> Tunnel::start(const std::string& command) {
    for (Host& host : hosts_) {
        auto done = host.launch(with_name(command, tunnel_interface), tunnel_interface);
        if (!done) return done;
    }
    return Done{};
}

Result<Done, Failure> Tunnel::configure() {
    SystemEntropy entropy;
    const std::array keys{generate_private_key(entropy), generate_private_key(entropy)};
    for (std::size_t i = 0; i < keys.size(); ++i)
        public_keys_[i] = public_key_of(keys[i]);
    for (const Side side : {Side::first, Side::second}) {
        const auto& own = keys[number(side)];
        const PublicKey& theirs = public_key(other(side));
        auto done = hosts_[number(side)].configure(uapi_for(side, own, theirs),
                                                   inner_address(side).to_string() + "/24");
        if (!done) return done;
    }
    return Done{};
}

Result<double, Failure> Tunnel::first_answer() const {
    const auto deadline = steady_clock::now() + ready_for_traffic_within;
    auto server =
        start_in(at(Side::second), [](Channel& channel) { return echo(channel, listener_at(0)); });
    if (!server) return server.error();
    const auto ready = server->hear(*interrupt_, deadline);
    if (!ready) return ready.error();
    const Endpoint to = listener_at(ready->at("port").get<std::uint16_t>());
    auto client = start_in(at(Side::first), [to](Channel&) { return ask_until_answered(to); });
    if (!client) return client.error();
    const auto answered = client->hear(*interrupt_, deadline);
    if (!answered) return answered.error();
    return answered->at("answered_at").get<double>();
}

Result<Child, Failure> Tunnel::start_listener(const Task& task) {
    return start_in(at(Side::second), [task](Channel& channel) {
        return bench::listen(channel, listener_at(0), task);
    });
}

Result<Child, Failure> Tunnel::start_caller(std::uint16_t port, const Task& task) {
    return start_in(at(Side::first),
                    [port, task](Channel&) { return bench::call(listener_at(port), task); });
}

Result<ProcessUsage, Failure> Tunnel::usage() {
    ProcessUsage both;
    for (Host& host : hosts_) {
        const auto one = host.usage();
        if (!one) return one.error();
        both.cpu_seconds += one->cpu_seconds;
        both.peak_resident_mib = std::max(both.peak_resident_mib, one->peak_resident_mib);
    }
    return both;
}

Result<std::string, Failure> version_of(const std::string& command, const Interrupt& interrupt) {
    const auto ns = Namespace::create();
    if (!ns) return failed("a network namespace", ns.error());
    auto host = Host::start(*ns, interrupt);
    if (!host) return host.error();
    return host->first_line_of(with_name(command, "--version"));
}

}  // namespace wgns::bench
