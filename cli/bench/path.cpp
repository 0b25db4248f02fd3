#include "cli/bench/path.h"

#include <fmt/format.h>

#include "control/instance.h"
#include "netns/addressing.h"

namespace wgns::bench {

namespace {

constexpr std::uint32_t v4_headers = 20 + 8;
constexpr std::uint32_t v6_headers = 40 + 8;

Result<std::uint32_t> payload_max_to(const IpAddress& address) {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    const auto mtu = route_mtu(*netlink, address);
    if (!mtu) return mtu.error();
    return *mtu - (address.is_v4() ? v4_headers : v6_headers);
}

Result<pid_t, Failure> daemon_of(const std::string& instance) {
    const auto status = query_status(instance);
    if (!status) return status.error();
    const auto pid = status->value("pid", pid_t{0});
    if (pid <= 0)
        return failed(instance + ": its daemon is of an older version; take it down and up again");
    return pid;
}

}  // namespace

Result<Path, Failure> Path::open(const std::string& instance, const Endpoint& server,
                                 const std::string& own_version, const Interrupt& interrupt) {
    const auto daemon = daemon_of(instance);
    if (!daemon) return daemon.error();
    const auto place = place_of(instance);
    if (!place) return place.error();
    const auto entered = enter_network(*place);
    if (!entered) return failed("the network of " + instance, entered.error());
    auto session = Session::begin(server, own_version, interrupt);
    if (!session) return session.error();
    const auto payload_max = payload_max_to(server.address);
    if (!payload_max) return failed("the way to " + server.to_string(), payload_max.error());
    return Path(instance, *std::move(session), *daemon, *payload_max);
}

std::string Path::name() const {
    return instance_ + " to " + session_.server().to_string();
}

bool Path::suits(const Measure& measure) const {
    return measure.traffic != Traffic::udp || measure.datagram_size <= payload_max_;
}

Result<Child, Failure> Path::start_listener(const Task& task) {
    return session_.start_listener(task);
}

Result<Child, Failure> Path::start_caller(std::uint16_t port, const Task& task) {
    Endpoint to = session_.server();
    to.port = port;
    return Child::start([to, task](Channel& channel) { tell(channel, bench::call(to, task)); });
}

Result<ProcessUsage, Failure> Path::usage() {
    const ProcessUsage usage = usage_of(daemon_);
    if (usage.cpu_seconds <= 0) return failed(instance_ + ": its daemon has ended meanwhile");
    return usage;
}

}  // namespace wgns::bench
