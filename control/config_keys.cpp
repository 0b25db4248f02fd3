#include "control/config_keys.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "control/config_values.h"
#include "control/state_dir.h"
#include "crypto/x25519.h"
#include "netns/firewall_rules.h"

namespace wgns {

namespace {

using Flaw = std::optional<ConfigFlaw>;

constexpr std::size_t shown_value_bytes_max = 64;
constexpr std::size_t key_name_bytes_max = 32;  // no key is longer; a key in base64 has 43 or 44

std::string quoted(std::string_view value) {
    const bool is_cut = value.size() > shown_value_bytes_max;
    return "'" + std::string(value.substr(0, shown_value_bytes_max)) + (is_cut ? "…'" : "'");
}

// Where a key's value goes.
template <class Member>
struct MemberTraits;
template <class Class, class Type>
struct MemberTraits<Type Class::*> {
    using Owner = Class;
};

template <auto member>
auto& field(Config& config) {
    if constexpr (std::is_same_v<typename MemberTraits<decltype(member)>::Owner, Config>) {
        return config.*member;
    } else {
        WG_ASSERT(!config.peers.empty());
        return config.peers.back().*member;
    }
}

// `parse_item` gets each item, without blanks around it; empty ones are passed over.
template <class ParseItem>
Flaw for_each_item(std::string_view value, std::string_view separators, ParseItem parse_item) {
    while (!value.empty()) {
        const std::size_t end = value.find_first_of(separators);
        const std::string_view item = trimmed(value.substr(0, end));
        value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
        if (item.empty()) continue;
        if (Flaw flaw = parse_item(item)) return flaw;
    }
    return std::nullopt;
}
constexpr std::string_view blanks_and_commas = ", \t";

template <class T>
struct Unwrapped {
    using Type = T;
};
template <class T>
struct Unwrapped<std::optional<T>> {
    using Type = T;
};

template <auto member, std::uint32_t min, std::uint32_t max>
Flaw number(Config& config, std::string_view value) {
    auto& target = field<member>(config);
    using Number = typename Unwrapped<std::remove_reference_t<decltype(target)>>::Type;
    const auto parsed = parse_number(value);
    if (!parsed || *parsed < min || *parsed > max)
        return ConfigFlaw{quoted(value) + " is not a number from " + std::to_string(min) + " to " +
                              std::to_string(max),
                          ""};
    target = static_cast<Number>(*parsed);
    return std::nullopt;
}

// The choice of that name, without case.
template <class T>
Flaw choose(T& target, std::string_view value,
            std::initializer_list<std::pair<std::string_view, T>> choices) {
    std::string names;
    for (const auto& [name, choice] : choices) {
        if (equal_without_case(name, value)) {
            target = choice;
            return std::nullopt;
        }
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    return ConfigFlaw{quoted(value) + " is none of " + names, ""};
}

template <auto member>
Flaw yes_or_no(Config& config, std::string_view value) {
    return choose<bool>(field<member>(config), value,
                        {{"yes", true},
                         {"no", false},
                         {"true", true},
                         {"false", false},
                         {"on", true},
                         {"off", false},
                         {"1", true},
                         {"0", false}});
}

template <auto member>
Flaw text(Config& config, std::string_view value) {
    field<member>(config) = value;
    return std::nullopt;
}

template <auto member>
Flaw key_in_base64(Config& config, std::string_view value) {
    auto& key = field<member>(config);
    bool parsed = false;
    if constexpr (std::is_same_v<decltype(member), PublicKey PeerConfig::*>)
        parsed = parse_key(value, key.bytes);
    else
        parsed = parse_key(value, key.mutable_bytes());
    if (!parsed) return ConfigFlaw{"is not a key", "a key is 44 characters of base64"};
    return std::nullopt;
}

Flaw private_key(Config& config, std::string_view value) {
    if (Flaw flaw = key_in_base64<&Config::private_key>(config, value)) return flaw;
    if (!config.private_key.is_zero()) return std::nullopt;
    return ConfigFlaw{"is all zeros", "make one with 'wgns-user genkey'"};
}

// A path, or "credential:NAME".
template <auto member>
Flaw key_file(Config& config, std::string_view value) {
    constexpr std::string_view credential = "credential:";
    if (value.starts_with(credential)) {
        const std::string_view name = value.substr(credential.size());
        if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos)
            return ConfigFlaw{quoted(name) + " is not a credential's name", ""};
    }
    return text<member>(config, value);
}

Flaw prefix_flaw(std::string_view item) {
    return ConfigFlaw{quoted(item) + " is not an address with a prefix length",
                      "write 10.0.0.2/32 or 2001:db8::2/128"};
}

Flaw addresses(Config& config, std::string_view value) {
    return for_each_item(value, blanks_and_commas, [&](std::string_view item) -> Flaw {
        const auto prefix = IpPrefix::parse(item);
        if (!prefix) return prefix_flaw(item);
        config.addresses.push_back(*prefix);
        return std::nullopt;
    });
}

Flaw allowed_ips(Config& config, std::string_view value) {
    return for_each_item(value, blanks_and_commas, [&](std::string_view item) -> Flaw {
        if (item.starts_with('-'))
            return ConfigFlaw{quoted(item) + " takes a prefix away",
                              "a file says all that a peer has; leave the prefix out"};
        // wg(8): "+" adds, which in a file all of them do.
        const auto prefix = IpPrefix::parse(item.substr(item.starts_with('+') ? 1 : 0));
        if (!prefix) return prefix_flaw(item);
        config.peers.back().allowed_ips.push_back(*prefix);
        return std::nullopt;
    });
}

Flaw dns(Config& config, std::string_view value) {
    return for_each_item(value, blanks_and_commas, [&](std::string_view item) -> Flaw {
        const auto server = IpAddress::parse(item);
        if (!server && !is_host_name(item))
            return ConfigFlaw{quoted(item) + " is neither an address nor a search domain", ""};
        if (server && config.dns_servers.size() == dns_servers_max)
            return ConfigFlaw{"names more than 16 servers", "libc asks the first three"};
        if (server)
            config.dns_servers.push_back(*server);
        else
            config.search_domains.emplace_back(item);
        return std::nullopt;
    });
}

// Why it is no HostPort, where people often go wrong.
std::string endpoint_flaw(std::string_view value) {
    const std::size_t colon = value.rfind(':');
    if (colon == std::string_view::npos || value.ends_with(']')) return " has no port";
    if (!value.starts_with('[') && value.find(':') != colon)
        return " has an IPv6 address without brackets";
    if (!parse_port(value.substr(colon + 1))) return " has a port that is not from 1 to 65535";
    return " has neither a name nor an address before the port";
}

Flaw endpoint(Config& config, std::string_view value) {
    config.peers.back().endpoint = parse_host_port(value);
    if (config.peers.back().endpoint) return std::nullopt;
    return ConfigFlaw{quoted(value) + endpoint_flaw(value),
                      "write NAME:PORT, 1.2.3.4:PORT or [2001:db8::1]:PORT"};
}

Flaw persistent_keepalive(Config& config, std::string_view value) {
    return number<&PeerConfig::persistent_keepalive_seconds, 0, UINT16_MAX>(
        config, equal_without_case(value, "off") ? "0" : value);
}

Flaw fwmark(Config& config, std::string_view value) {
    const auto mark = parse_number_or_hex(equal_without_case(value, "off") ? "0" : value);
    if (!mark) return ConfigFlaw{quoted(value) + " is not a mark", "write 51820, 0xca6c or off"};
    config.fwmark = *mark;
    return std::nullopt;
}

Flaw table(Config& config, std::string_view value) {
    using Kind = RouteTable::Kind;
    const auto parsed = parse_number_or_hex(value);
    if (parsed && *parsed != 0)
        config.table = {Kind::number, *parsed};
    else if (equal_without_case(value, "auto"))
        config.table = {Kind::automatic, 0};
    else if (equal_without_case(value, "off"))
        config.table = {Kind::off, 0};
    else
        return ConfigFlaw{quoted(value) + " is no routing table", "write auto, off or a number"};
    return std::nullopt;
}

template <Hook::Moment moment, bool is_on_host>
Flaw hook(Config& config, std::string_view value) {
    if (!value.empty()) config.hooks.push_back({moment, is_on_host, std::string(value)});
    return std::nullopt;
}

template <auto member>
Flaw namespace_name(Config& config, std::string_view value) {
    if (!StateDir::is_valid_name(value))
        return ConfigFlaw{quoted(value) + " is not a name",
                          "use 1 to 64 of A-Z a-z 0-9 _ = + . -, the first neither . nor -"};
    return text<member>(config, value);
}

Flaw interface_name(Config& config, std::string_view value) {
    if (!StateDir::is_valid_name(value) || value.size() > interface_name_bytes_max)
        return ConfigFlaw{quoted(value) + " is not an interface's name",
                          "use 1 to 15 of A-Z a-z 0-9 _ = + . -, the first neither . nor -"};
    return text<&Config::interface_name>(config, value);
}

Flaw dns_enforcement(Config& config, std::string_view value) {
    using enum DnsEnforcement;
    return choose(config.dns_enforcement, value,
                  {{"off", off}, {"redirect", redirect}, {"strict", strict}});
}

Flaw firewall(Config& config, std::string_view value) {
    return choose(config.firewall, value,
                  {{"default", FirewallKind::standard}, {"none", FirewallKind::none}});
}

Flaw extra_firewall_rule(Config& config, std::string_view value) {
    if (!value.empty()) config.extra_firewall_rules.emplace_back(value);
    return std::nullopt;
}

Flaw allow_from_tunnel(Config& config, std::string_view value) {
    return for_each_item(value, blanks_and_commas, [&](std::string_view item) -> Flaw {
        const auto range = parse_port_range(item);
        if (!range)
            return ConfigFlaw{quoted(item) + " is not a protocol with its ports",
                              "write tcp/8080 or udp/5000-5010"};
        config.allow_from_tunnel.push_back(*range);
        return std::nullopt;
    });
}

Flaw publish(Config& config, std::string_view value) {
    return for_each_item(value, ",", [&](std::string_view item) -> Flaw {
        const auto port = parse_published_port(item);
        if (!port)
            return ConfigFlaw{quoted(item) + " does not publish a port",
                              "write 127.0.0.1:8080 -> 8080"};
        auto& all = config.published_ports;
        const bool is_twice = std::any_of(all.begin(), all.end(), [&](const PublishedPort& each) {
            return each.host.same_remote(port->host);
        });
        if (is_twice)
            return ConfigFlaw{port->host.to_string() + " is published already",
                              "one port of the host leads to one inside"};
        if (all.size() == published_ports_max)
            return ConfigFlaw{"more than " + std::to_string(published_ports_max) + " ports",
                              "publish fewer"};
        config.published_ports.push_back(*port);
        return std::nullopt;
    });
}

// Whoever can connect reads it, and nothing of it is encrypted: it stays on this host.
Flaw metrics_listen(Config& config, std::string_view value) {
    const auto endpoint = Endpoint::parse(value);
    if (!endpoint || !endpoint->is_set() || !is_loopback(endpoint->address))
        return ConfigFlaw{quoted(value) + " is no port of a loopback address",
                          "write 127.0.0.1:9586 or [::1]:9586"};
    config.metrics_listen = *endpoint;
    return std::nullopt;
}

constexpr ConfigSection in_interface = ConfigSection::interface;
constexpr ConfigSection in_peer = ConfigSection::peer;
using When = Hook::Moment;

constexpr ConfigKey rows[] = {
    {"PrivateKey", in_interface, false, private_key},
    {"PrivateKeyFile", in_interface, false, key_file<&Config::private_key_file>},
    {"GeneratePrivateKeyFile", in_interface, false, yes_or_no<&Config::generate_private_key_file>},
    {"Address", in_interface, true, addresses},
    {"DNS", in_interface, true, dns},
    {"MTU", in_interface, false, number<&Config::mtu, 576, 65535>},
    {"ListenPort", in_interface, false, number<&Config::listen_port, 0, 65535>},
    {"FwMark", in_interface, false, fwmark},
    {"Table", in_interface, false, table},
    {"Metric", in_interface, false, number<&Config::metric, 0, UINT32_MAX>},
    {"PreUp", in_interface, true, hook<When::pre_up, false>},
    {"PostUp", in_interface, true, hook<When::post_up, false>},
    {"PreDown", in_interface, true, hook<When::pre_down, false>},
    {"PostDown", in_interface, true, hook<When::post_down, false>},
    {"PreUpHost", in_interface, true, hook<When::pre_up, true>},
    {"PostUpHost", in_interface, true, hook<When::post_up, true>},
    {"PreDownHost", in_interface, true, hook<When::pre_down, true>},
    {"PostDownHost", in_interface, true, hook<When::post_down, true>},
    {"SaveConfig", in_interface, false, yes_or_no<&Config::save_config>},
    {"Namespace", in_interface, false, namespace_name<&Config::namespace_name>},
    {"InterfaceName", in_interface, false, interface_name},
    {"SocketNamespace", in_interface, false, namespace_name<&Config::socket_namespace>},
    {"AllowedIPsAsRoutes", in_interface, false, yes_or_no<&Config::allowed_ips_as_routes>},
    {"EndpointRefreshSeconds", in_interface, false,
     number<&Config::endpoint_refresh_seconds, 0, UINT32_MAX>},
    {"DNSEnforce", in_interface, false, dns_enforcement},
    {"Firewall", in_interface, false, firewall},
    {"ExtraFirewallRules", in_interface, true, extra_firewall_rule},
    {"ExtraFirewallRulesFile", in_interface, false, text<&Config::extra_firewall_rules_file>},
    {"AllowFromTunnel", in_interface, true, allow_from_tunnel},
    {"Publish", in_interface, true, publish},
    {"MetricsListen", in_interface, false, metrics_listen},
    {"PublicKey", in_peer, false, key_in_base64<&PeerConfig::public_key>},
    {"PresharedKey", in_peer, false, key_in_base64<&PeerConfig::preshared_key>},
    {"PresharedKeyFile", in_peer, false, key_file<&PeerConfig::preshared_key_file>},
    {"AllowedIPs", in_peer, true, allowed_ips},
    {"Endpoint", in_peer, false, endpoint},
    {"PersistentKeepalive", in_peer, false, persistent_keepalive},
    {"Name", in_peer, false, text<&PeerConfig::name>},
    {"EndpointRefreshSeconds", in_peer, false,
     number<&PeerConfig::endpoint_refresh_seconds, 0, UINT32_MAX>},
    {"EndpointRefreshRestartSeconds", in_peer, false,
     number<&PeerConfig::endpoint_refresh_restart_seconds, 0, UINT32_MAX>},
};

std::string_view nearest_key(ConfigSection section, std::string_view name) {
    std::string_view nearest;
    std::size_t least = SIZE_MAX;
    for (const ConfigKey& key : rows) {
        if (key.section != section) continue;
        const std::size_t distance = edit_distance(name, key.name);
        if (distance < least) {
            least = distance;
            nearest = key.name;
        }
    }
    return nearest;
}

bool is_amnezia_key(std::string_view name) {
    constexpr std::string_view names[] = {"Jc", "Jmin", "Jmax", "S1", "S2", "S3", "S4", "H1",
                                          "H2", "H3",   "H4",   "I1", "I2", "I3", "I4", "I5"};
    return std::any_of(std::begin(names), std::end(names),
                       [&](auto each) { return equal_without_case(each, name); });
}

}  // namespace

std::string_view config_section_name(ConfigSection section) noexcept {
    return section == ConfigSection::interface ? "[Interface]" : "[Peer]";
}

std::span<const ConfigKey> config_keys() noexcept {
    return rows;
}

const ConfigKey* find_config_key(ConfigSection section, std::string_view name) noexcept {
    const auto found = std::find_if(std::begin(rows), std::end(rows), [&](const ConfigKey& key) {
        return key.section == section && equal_without_case(key.name, name);
    });
    return found == std::end(rows) ? nullptr : &*found;
}

ConfigFlaw unknown_config_key(ConfigSection section, std::string_view name) {
    if (name.empty()) return {"has no key before its '='", "write KEY = VALUE"};
    if (name.size() > key_name_bytes_max) return {"unknown key", "write KEY = VALUE"};
    if (is_amnezia_key(name))
        return {"is a key of AmneziaWG, which changes WireGuard's packets; not supported",
                "ask your provider for a plain WireGuard configuration"};
    const ConfigSection other = section == in_interface ? in_peer : in_interface;
    if (find_config_key(other, name) != nullptr)
        return {"does not belong in " + std::string(config_section_name(section)),
                "move it to " + std::string(config_section_name(other))};
    return {"unknown key", "did you mean " + std::string(nearest_key(section, name)) + "?"};
}

}  // namespace wgns
