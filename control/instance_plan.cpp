#include "control/instance_plan.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "control/device_config.h"
#include "control/uapi.h"
#include "crypto/hash.h"
#include "crypto/x25519.h"
#include "netns/link.h"
#include "netns/netlink.h"

namespace wgns {

namespace fs = std::filesystem;

namespace {

// IPv6 40, UDP 8, WireGuard's data message 32; counted the same for IPv4, so that a peer that roams
// between the families does no harm.
constexpr std::uint32_t tunnel_overhead_bytes = 80;
constexpr std::uint32_t default_tunnel_mtu = 1420;
constexpr std::uint32_t min_tunnel_mtu = 1280;

}  // namespace

fs::path config_path(const std::string& argument) {
    const bool is_path = argument.find('/') != std::string::npos || argument.ends_with(".conf");
    return is_path ? fs::path(argument) : fs::path("/etc/wgns-user") / (argument + ".conf");
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
            setup.named_endpoints.push_back(
                {peer.public_key, peer.endpoint->host, peer.endpoint->port});
    }
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

std::vector<std::string> not_carried_out(const Config& config) {
    std::vector<std::string> lines;
    const auto say = [&](bool is_there, const char* what) {
        if (is_there) lines.push_back(config.instance + ": " + what);
    };
    say(!config.dns_servers.empty() || !config.search_domains.empty(),
        "DNS is not set up inside; write /etc/netns/NAMESPACE/resolv.conf yourself");
    say(config.dns_enforcement != DnsEnforcement::off, "DNSEnforce is not carried out");
    say(!config.hooks.empty(), "PreUp, PostUp, PreDown and PostDown are not run");
    say(!config.extra_firewall_rules.empty() || !config.extra_firewall_rules_file.empty() ||
            !config.allow_from_tunnel.empty(),
        "there is no firewall inside: its rules are not carried out");
    say(!config.published_ports.empty(), "Publish is not carried out");
    return lines;
}

std::string fingerprint(const fs::path& file, const DaemonSetup& setup) {
    std::ifstream stream(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    const Hash text_hash = blake2s({bytes_of(text)});
    const Hash hash = blake2s({text_hash, bytes_of(setup.uapi)});
    wipe_key_text(text);
    return key_to_hex(hash);
}

}  // namespace wgns
