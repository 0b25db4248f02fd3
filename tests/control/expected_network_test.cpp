#include "control/expected_network.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "control/instance_plan.h"

namespace wgns {
namespace {

TEST(ExpectedNetwork, ComesBackFromItsText) {
    Config config;
    config.interface_name = "wg7";
    config.allow_from_tunnel = {{TransportProtocol::udp, 5000, 5010}};
    config.dns_enforcement = DnsEnforcement::strict;
    config.dns_servers = {*IpAddress::parse("192.0.2.53"), *IpAddress::parse("2001:db8::53")};
    config.search_domains = {"example.org"};
    const auto back = parse_expected_network(to_text(expected_network(config)));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->interface, "wg7");
    EXPECT_TRUE(back->has_firewall);
    ASSERT_EQ(back->firewall.open_ports.size(), 1U);
    EXPECT_EQ(back->firewall.open_ports[0].protocol, IPPROTO_UDP);
    EXPECT_EQ(back->firewall.open_ports[0].last, 5010);
    EXPECT_EQ(back->firewall.dns_guard, DnsGuard::strict);
    EXPECT_EQ(back->firewall.dns_servers, config.dns_servers);
    EXPECT_EQ(resolv_conf(back->dns), resolv_conf(dns_files(config)));
    config.firewall = FirewallKind::none;
    EXPECT_FALSE(parse_expected_network(to_text(expected_network(config)))->has_firewall);
}

TEST(ExpectedNetwork, HoldsNoKey) {
    Config config;
    config.private_key.mutable_bytes()[0] = 8;
    EXPECT_EQ(to_text(expected_network(config)), to_text(expected_network(Config{})));
}

TEST(ExpectedNetwork, IsNotReadFromAnythingElse) {
    for (const char* text : {"", "{", "[]", "{}", R"({"interface": 7})",
                             R"({"interface": "wg0", "firewall": true, "open_ports": [1]})"})
        EXPECT_FALSE(parse_expected_network(text)) << text;
}

}  // namespace
}  // namespace wgns
