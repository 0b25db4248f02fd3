#include "control/instance_plan.h"

#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/read_file.h"
#include "control/device_config.h"
#include "control/uapi.h"
#include "crypto/hash.h"
#include "crypto/x25519.h"
#include "netns/netlink.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

// IPv6 40, UDP 8, WireGuard's data message 32; counted the same for IPv4, so that a peer that roams
// between the families does no harm.
constexpr std::uint32_t tunnel_overhead_bytes = 80;
constexpr std::uint32_t default_tunnel_mtu = 1420;
constexpr std::uint32_t min_tunnel_mtu = 1280;

DnsGuard guard_of(DnsEnforcement enforcement) {
    switch (enforcement) {
        case DnsEnforcement::off:
            return DnsGuard::off;
        case DnsEnforcement::redirect:
            return DnsGuard::redirect;
        case DnsEnforcement::strict:
            return DnsGuard::strict;
    }
    return DnsGuard::strict;
}

NamedEndpoint named_endpoint(const Config& config, const PeerConfig& peer) {
    NamedEndpoint named{peer.public_key, peer.endpoint->host, peer.endpoint->port};
    named.refresh_seconds =
        peer.endpoint_refresh_seconds.value_or(config.endpoint_refresh_seconds.value_or(0));
    if (peer.endpoint_refresh_restart_seconds)
        named.restart_seconds = *peer.endpoint_refresh_restart_seconds;
    return named;
}

}  // namespace

fs::path config_path(const std::string& argument) {
    const bool is_path = argument.find('/') != std::string::npos || argument.ends_with(".conf");
    return is_path ? fs::path(argument) : fs::path("/etc/wgns-user") / (argument + ".conf");
}

Result<Config, Failure> read_config(const fs::path& file, const std::string& instance,
                                    MissingKey missing) {
    auto config = load_config(file, instance, missing);
    if (!config) return Failure{exit_status::usage, describe(config.error())};
    return std::move(*config);
}

DaemonSetup daemon_setup(const Config& config, std::uint32_t mtu,
                         const DataPlaneWords& data_plane) {
    DaemonSetup setup;
    setup.instance = config.instance;
    setup.namespace_name = config.namespace_name;
    setup.interface = config.interface_name;
    setup.mtu = mtu;
    setup.data_plane = data_plane;
    setup.uapi = print_set(device_change_of(config));
    for (const PeerConfig& peer : config.peers) {
        setup.peers[peer.public_key] = {peer.name, peer.endpoint ? peer.endpoint->to_string() : ""};
        if (peer.endpoint && !peer.endpoint->address())
            setup.named_endpoints.push_back(named_endpoint(config, peer));
    }
    for (const PublishedPort& each : config.published_ports)
        setup.published.push_back({each.host.to_string(), each.inside});
    if (config.metrics_listen) setup.metrics_listen = config.metrics_listen->to_string();
    return setup;
}

std::vector<IpPrefix> tunnel_routes(const Config& config) {
    std::vector<IpPrefix> routes;
    if (!config.allowed_ips_as_routes || config.table.kind == RouteTable::Kind::off) return routes;
    for (const PeerConfig& peer : config.peers)
        for (const IpPrefix& prefix : peer.allowed_ips)
            routes.push_back(prefix.masked());
    std::sort(routes.begin(), routes.end());
    routes.erase(std::unique(routes.begin(), routes.end()), routes.end());
    return routes;
}

std::vector<Route> interface_routes(const Config& config) {
    std::vector<Route> routes;
    for (const IpPrefix& destination : tunnel_routes(config)) {
        if (!destination.address.is_v4() && !has_ipv6(config)) continue;
        Route route;
        route.destination = destination;
        if (config.table.kind == RouteTable::Kind::number) route.table = config.table.number;
        route.metric = config.metric;
        routes.push_back(route);
    }
    return routes;
}

std::optional<std::string> leave_out_ipv6(Config& config) {
    if (!has_ipv6(config)) return std::nullopt;
    std::erase_if(config.addresses, [](const IpPrefix& each) { return !each.address.is_v4(); });
    return config.instance + ": this host has no IPv6: addresses of IPv6 are left out";
}

bool host_has_ipv6() noexcept {
    const UniqueFd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return socket || errno != EAFNOSUPPORT;
}

bool has_ipv6(const Config& config) {
    return std::any_of(config.addresses.begin(), config.addresses.end(),
                       [](const IpPrefix& each) { return !each.address.is_v4(); });
}

std::vector<KernelSetting> kernel_settings(const Config& config, const std::string& groups) {
    std::vector<KernelSetting> settings{{"net/ipv4/ping_group_range", groups, false}};
    for (KernelSetting& each : ipv6_settings(has_ipv6(config)))
        settings.push_back(std::move(each));
    return settings;
}

std::vector<KernelSetting> ipv6_settings(bool is_on) {
    const char* const value = is_on ? "0" : "1";
    return {{"net/ipv6/conf/all/disable_ipv6", value, is_on},
            {"net/ipv6/conf/default/disable_ipv6", value, is_on}};
}

FirewallPlan firewall_plan(const Config& config) {
    FirewallPlan plan;
    for (const PortRange& ports : config.allow_from_tunnel) {
        const bool is_tcp = ports.protocol == TransportProtocol::tcp;
        plan.open_ports.push_back({static_cast<std::uint8_t>(is_tcp ? IPPROTO_TCP : IPPROTO_UDP),
                                   ports.first, ports.last});
    }
    plan.dns_guard = guard_of(config.dns_enforcement);
    plan.dns_servers = config.dns_servers;
    return plan;
}

UserRules user_rules(const Config& config) {
    return {config.extra_firewall_rules, config.extra_firewall_rules_file, config.folder};
}

DnsFiles dns_files(const Config& config) {
    return {config.dns_servers, config.search_domains};
}

std::optional<std::string> dns_warning(const Config& config, const fs::path& own_files) {
    if (!config.dns_servers.empty()) return std::nullopt;
    if (!config.search_domains.empty())
        return config.instance + ": DNS has search domains and no server: no name is found inside";
    std::error_code error;
    if (fs::exists(own_files / config.namespace_name / "resolv.conf", error)) return std::nullopt;
    return config.instance +
           ": there is no DNS key: programs inside use the host's resolv.conf, and reach the "
           "servers that it names through the tunnel or not at all";
}

std::uint32_t tunnel_mtu(const std::vector<std::uint32_t>& route_mtus) noexcept {
    const auto smallest = std::min_element(route_mtus.begin(), route_mtus.end());
    if (smallest == route_mtus.end()) return default_tunnel_mtu;
    return std::max(*smallest, min_tunnel_mtu + tunnel_overhead_bytes) - tunnel_overhead_bytes;
}

std::uint32_t interface_mtu(const Config& config) {
    if (config.mtu) return *config.mtu;
    std::vector<std::uint32_t> mtus;
    auto netlink = Netlink::open();
    for (const PeerConfig& peer : config.peers) {
        const auto endpoint = peer.endpoint ? peer.endpoint->address() : std::nullopt;
        if (!netlink || !endpoint) continue;
        // A peer that cannot be reached now has no say.
        const auto mtu = route_mtu(*netlink, endpoint->address);
        if (mtu) mtus.push_back(*mtu);
    }
    return tunnel_mtu(mtus);
}

std::vector<std::string> warnings_of(const Config& config) {
    std::vector<std::string> lines = config.warnings;
    if (auto line = dns_warning(config)) lines.push_back(std::move(*line));
    return lines;
}

void tell_warnings(Config& config) {
    for (const std::string& line : warnings_of(config))
        spdlog::warn("{}", line);
    const auto left_out = host_has_ipv6() ? std::nullopt : leave_out_ipv6(config);
    if (left_out) spdlog::warn("{}", *left_out);
}

std::string fingerprint(const std::vector<fs::path>& files, const DaemonSetup& setup) {
    Hash hash = blake2s({bytes_of(setup.uapi), bytes_of(std::to_string(setup.mtu))});
    for (const fs::path& file : files) {
        std::string text = text_of_file(file);
        hash = blake2s({hash, blake2s({bytes_of(text)})});
        wipe_key_text(text);
    }
    return key_to_hex(hash);
}

}  // namespace wgns
