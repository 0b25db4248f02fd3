#include "control/expected_network.h"

#include <nlohmann/json.hpp>

#include "control/instance_plan.h"

namespace wgns {

namespace {

using Words = std::vector<std::string>;

Words texts_of(const std::vector<IpAddress>& addresses) {
    Words texts;
    for (const IpAddress& address : addresses)
        texts.push_back(address.to_string());
    return texts;
}

// Those that are none are left out: then the text was not ours, and what is compared differs.
std::vector<IpAddress> addresses_of(const nlohmann::json& texts) {
    std::vector<IpAddress> addresses;
    for (const auto& text : texts.get<Words>())
        if (const auto address = IpAddress::parse(text)) addresses.push_back(*address);
    return addresses;
}

ExpectedNetwork read_expected(const nlohmann::json& value) {
    ExpectedNetwork expected;
    expected.namespace_name = value.at("namespace").get<std::string>();
    expected.owns_namespace = value.at("owns_namespace").get<bool>();
    expected.workers = value.at("workers").get<unsigned>();
    expected.socket_namespace = value.at("socket_namespace").get<std::string>();
    expected.interface = value.at("interface").get<std::string>();
    expected.has_firewall = value.at("firewall").get<bool>();
    for (const auto& ports : value.at("open_ports"))
        expected.firewall.open_ports.push_back({ports.at("protocol").get<std::uint8_t>(),
                                                ports.at("first").get<std::uint16_t>(),
                                                ports.at("last").get<std::uint16_t>()});
    expected.firewall.dns_guard = static_cast<DnsGuard>(value.at("dns_guard").get<int>());
    expected.dns.servers = addresses_of(value.at("dns_servers"));
    expected.dns.search = value.at("search").get<Words>();
    expected.firewall.dns_servers = expected.dns.servers;
    if (expected.dns.servers.size() > dns_servers_max) expected.firewall.dns_servers.clear();
    return expected;
}

}  // namespace

ExpectedNetwork expected_network(const Config& config, bool owns_namespace, unsigned workers) {
    return {
        config.namespace_name,   owns_namespace,        workers,
        config.socket_namespace, config.interface_name, config.firewall == FirewallKind::standard,
        firewall_plan(config),   dns_files(config)};
}

std::string to_text(const ExpectedNetwork& expected) {
    nlohmann::json ports = nlohmann::json::array();
    for (const OpenPorts& each : expected.firewall.open_ports)
        ports.push_back({{"protocol", each.protocol}, {"first", each.first}, {"last", each.last}});
    const nlohmann::json value{{"namespace", expected.namespace_name},
                               {"owns_namespace", expected.owns_namespace},
                               {"workers", expected.workers},
                               {"socket_namespace", expected.socket_namespace},
                               {"interface", expected.interface},
                               {"firewall", expected.has_firewall},
                               {"open_ports", std::move(ports)},
                               {"dns_guard", static_cast<int>(expected.firewall.dns_guard)},
                               {"dns_servers", texts_of(expected.dns.servers)},
                               {"search", expected.dns.search}};
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<ExpectedNetwork> parse_expected_network(const std::string& text) {
    const auto value = nlohmann::json::parse(text, nullptr, false);
    if (!value.is_object()) return std::nullopt;
    try {
        return read_expected(value);
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

}  // namespace wgns
