#include "control/host_side.h"

#include <utility>

#include "control/descriptor_channel.h"
#include "control/descriptor_name.h"
#include "control/instance_plan.h"
#include "control/publisher.h"
#include "control/socket_namespace.h"
#include "control/udp_sockets.h"
#include "dataplane/workers.h"

namespace wgns {

namespace {

// Of each worker TUN and two UDP sockets; setup, control, metrics and the namespace; and listeners.
static_assert(3 * Workers::count_max + 7 + published_ports_max <=
              DescriptorChannel::max_descriptors);

Status open_published(const Config& config, Descriptors& made) {
    for (const PublishedPort& each : config.published_ports) {
        auto listener = open_listener(each.host);
        if (!listener) return listener.error();
        made[publish_descriptor(each.host.to_string())] = std::move(*listener);
    }
    return Done{};
}

Status open_metrics_port(const Config& config, Descriptors& made) {
    if (!config.metrics_listen) return Done{};
    auto listener = open_listener(*config.metrics_listen, "MetricsListen");
    if (!listener) return listener.error();
    made[descriptor_name::metrics_port] = std::move(*listener);
    return Done{};
}

void add_udp(Descriptors& descriptors, UdpGroup sockets) {
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        UdpSockets& udp = sockets[i];
        if (udp.v4) descriptors[numbered_descriptor(descriptor_name::udp4, i)] = std::move(udp.v4);
        if (udp.v6) descriptors[numbered_descriptor(descriptor_name::udp6, i)] = std::move(udp.v6);
    }
}

}  // namespace

std::map<std::string, int> lend(const Descriptors& descriptors) {
    std::map<std::string, int> lent;
    for (const auto& [name, fd] : descriptors)
        lent[name] = fd.get();
    return lent;
}

Result<HostSide, Failure> open_host_side(const Config& config, const DataPlaneWords& data_plane) {
    HostSide side;
    const auto choice = choose(data_plane);
    if (!choice) return step_failed("data plane", choice.error());
    side.workers = choice->workers;
    auto outside = socket_namespace(config);
    if (!outside) return step_failed("SocketNamespace", outside.error());
    const auto open = [&] {
        return open_udp_group(choice->workers, config.listen_port, config.fwmark);
    };
    auto sockets = outside->is_callers ? open() : outside->ns.run(open);
    if (!sockets) return step_failed("UDP socket", sockets.error());
    add_udp(side.descriptors, *std::move(sockets));
    const std::uint32_t mtu =
        outside->is_callers ? interface_mtu(config) : mtu_seen_from(outside->ns, config);
    side.setup = daemon_setup(config, mtu, data_plane);
    if (!outside->is_callers)
        side.descriptors[descriptor_name::socket_namespace] = std::move(outside->ns).release();
    const auto published = open_published(config, side.descriptors);
    if (!published) return step_failed("Publish", published.error());
    const auto metrics_port = open_metrics_port(config, side.descriptors);
    if (!metrics_port) return step_failed("MetricsListen", metrics_port.error());
    return side;
}

void add_tun(Descriptors& descriptors, TunQueues tun) {
    for (std::size_t i = 0; i < tun.size(); ++i)
        descriptors[numbered_descriptor(descriptor_name::tun, i)] = std::move(tun[i]);
}

}  // namespace wgns
