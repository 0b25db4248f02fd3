#include "control/instance_plan.h"

#include <gtest/gtest.h>

#include <fstream>

#include "control/uapi.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

PeerConfig peer_of(std::uint8_t byte, const std::vector<const char*>& allowed_ips) {
    PeerConfig peer;
    peer.public_key.bytes.fill(byte);
    for (const char* text : allowed_ips)
        peer.allowed_ips.push_back(*IpPrefix::parse(text));
    return peer;
}

struct InstancePlanTest : testing::Test {
    Config config;

    void SetUp() override {
        config.instance = config.namespace_name = config.interface_name = "home";
        config.private_key.mutable_bytes()[0] = 8;
        config.peers.push_back(peer_of(1, {"10.1.2.3/8", "::/0"}));
        config.peers.push_back(peer_of(2, {"10.0.0.0/8", "0.0.0.0/0"}));
        config.peers[0].endpoint = HostPort{"192.0.2.1", 7};
        config.peers[1].endpoint = HostPort{"vpn.example.org", 8};
        config.peers[1].name = "office";
    }
};

TEST(ConfigPath, IsAPathOrAName) {
    EXPECT_EQ(config_path("home"), "/etc/wgns-user/home.conf");
    EXPECT_EQ(config_path("home.conf"), "home.conf");
    EXPECT_EQ(config_path("./home"), "./home");
}

TEST_F(InstancePlanTest, DaemonLearnsNamesAndText) {
    const DaemonSetup setup = daemon_setup(config, 1400, {.io = "epoll"});
    EXPECT_EQ(setup.instance, "home");
    EXPECT_EQ(setup.mtu, 1400U);
    ASSERT_EQ(setup.named_endpoints.size(), 1U);
    EXPECT_EQ(setup.named_endpoints[0].host, "vpn.example.org");
    EXPECT_EQ(setup.named_endpoints[0].port, 8);
    EXPECT_EQ(setup.peers.at(config.peers[1].public_key).name, "office");
    UapiReader reader;
    std::string_view text = setup.uapi;
    auto request = reader.next(text);
    if (!request) request = reader.finish();
    ASSERT_TRUE(request && std::holds_alternative<UapiSet>(*request));
    EXPECT_EQ(std::get<UapiSet>(*request).errno_value, 0);
    EXPECT_EQ(std::get<UapiSet>(*request).change.peers.size(), 2U);
}

TEST_F(InstancePlanTest, ThePeersOwnRefreshComesBeforeTheInterfaces) {
    const auto named = [&] { return daemon_setup(config, 1400, {}).named_endpoints.at(0); };
    EXPECT_EQ(named().refresh_seconds, 0U);
    EXPECT_EQ(named().restart_seconds, 1U);
    config.endpoint_refresh_seconds = 60;
    EXPECT_EQ(named().refresh_seconds, 60U);
    config.peers[1].endpoint_refresh_seconds = 0;
    config.peers[1].endpoint_refresh_restart_seconds = 5;
    EXPECT_EQ(named().refresh_seconds, 0U);
    EXPECT_EQ(named().restart_seconds, 5U);
}

TEST_F(InstancePlanTest, RoutesAreMaskedSortedAndUnique) {
    std::vector<std::string> texts;
    for (const IpPrefix& route : tunnel_routes(config))
        texts.push_back(route.to_string());
    EXPECT_EQ(texts, (std::vector<std::string>{"::/0", "0.0.0.0/0", "10.0.0.0/8"}));
    config.table.kind = RouteTable::Kind::off;
    EXPECT_TRUE(tunnel_routes(config).empty());
    config.table.kind = RouteTable::Kind::automatic;
    config.allowed_ips_as_routes = false;
    EXPECT_TRUE(tunnel_routes(config).empty());
}

TEST_F(InstancePlanTest, InterfaceRoutesAreOfTheFamiliesThatAreOn) {
    config.addresses = {*IpPrefix::parse("10.9.0.1/24")};
    config.table = {RouteTable::Kind::number, 100};
    config.metric = 7;
    const auto of_v4 = interface_routes(config);
    ASSERT_EQ(of_v4.size(), 2U);
    EXPECT_EQ(of_v4[0].destination.to_string(), "0.0.0.0/0");
    EXPECT_EQ(of_v4[0].table, 100U);
    EXPECT_EQ(of_v4[0].metric, 7U);
    config.addresses.push_back(*IpPrefix::parse("fd09::1/64"));
    EXPECT_EQ(interface_routes(config).size(), 3U);
}

TEST_F(InstancePlanTest, Ipv6IsOffUnlessAskedFor) {
    config.addresses = {*IpPrefix::parse("10.9.0.1/24")};
    EXPECT_FALSE(has_ipv6(config));
    EXPECT_EQ(kernel_settings(config).size(), 3U);
    config.addresses.push_back(*IpPrefix::parse("fd09::1/64"));
    EXPECT_TRUE(has_ipv6(config));
    // It may have been off before.
    ASSERT_EQ(kernel_settings(config).size(), 3U);
    EXPECT_EQ(kernel_settings(config)[0].name, "net/ipv4/ping_group_range");
    EXPECT_EQ(kernel_settings(config)[0].value, all_groups);
    EXPECT_EQ(kernel_settings(config, "1000 1000")[0].value, "1000 1000");
    EXPECT_EQ(kernel_settings(config)[1].value, "0");
}

TEST_F(InstancePlanTest, AHostWithoutIpv6LeavesItOut) {
    config.instance = "home";
    config.addresses = {*IpPrefix::parse("10.9.0.1/24")};
    EXPECT_FALSE(leave_out_ipv6(config));
    config.addresses.push_back(*IpPrefix::parse("fd09::1/64"));
    EXPECT_EQ(leave_out_ipv6(config),
              "home: this host has no IPv6: addresses of IPv6 are left out");
    EXPECT_EQ(config.addresses.size(), 1U);
    EXPECT_EQ(host_has_ipv6(), std::filesystem::exists("/proc/net/if_inet6"));
}

TEST(ReadConfig, SaysWhereABadOneIsBad) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "home.conf";
    const std::string key = "GBnQZnLSwwEKJPpjWEnhfMEiUYPuq1vPDDyhHZFmL04=";
    const std::string text = "[Interface]\nPrivateKey = " + key + "\nAddress = 10.9.0.1/32\n";
    std::ofstream(file) << text << "Mtu = many\n";
    const auto refused = read_config(file);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, exit_status::usage);
    EXPECT_NE(refused.error().line.find("MTU"), std::string::npos);
    std::ofstream(file) << text;
    const auto read = read_config(file);
    ASSERT_TRUE(read) << read.error().line;
    EXPECT_FALSE(warnings_of(*read).empty()) << "the file is open to all, and has no DNS";
    EXPECT_EQ(read->namespace_name, "home");
    EXPECT_EQ(read_config(file, "work")->namespace_name, "work");
}

TEST(TunnelMtu, LeavesRoomForTheOuterHeaders) {
    EXPECT_EQ(tunnel_mtu({}), 1420U);
    EXPECT_EQ(tunnel_mtu({1500}), 1420U);
    EXPECT_EQ(tunnel_mtu({9000, 1492}), 1412U);
    EXPECT_EQ(tunnel_mtu({1300}), 1280U);
    EXPECT_EQ(tunnel_mtu({0}), 1280U);
}

TEST_F(InstancePlanTest, MtuIsTheConfiguredOneFirst) {
    config.mtu = 1300;
    EXPECT_EQ(interface_mtu(config), 1300U);
    config.mtu.reset();
    EXPECT_GE(interface_mtu(config), 1280U);
}

TEST_F(InstancePlanTest, ThePortOfMetricsIsInTheSetup) {
    EXPECT_EQ(daemon_setup(config, 1420, {}).metrics_listen, "");
    config.metrics_listen = Endpoint::parse("[::1]:9586");
    EXPECT_EQ(daemon_setup(config, 1420, {}).metrics_listen, "[::1]:9586");
}

TEST_F(InstancePlanTest, ThePublishedPortsAreInTheSetup) {
    config.published_ports = {{*Endpoint::parse("[::1]:8080"), 80}};
    const DaemonSetup setup = daemon_setup(config, 1420, {});
    ASSERT_EQ(setup.published.size(), 1U);
    EXPECT_EQ(setup.published[0].host, "[::1]:8080");
    EXPECT_EQ(setup.published[0].inside, 80);
}

TEST_F(InstancePlanTest, FirewallIsTheConfigured) {
    EXPECT_TRUE(firewall_plan(config).open_ports.empty());
    EXPECT_EQ(firewall_plan(config).dns_guard, DnsGuard::off);
    EXPECT_TRUE(user_rules(config).empty());
    config.allow_from_tunnel = {{TransportProtocol::udp, 5000, 5010}};
    config.dns_enforcement = DnsEnforcement::strict;
    config.dns_servers = {*IpAddress::parse("192.0.2.53")};
    config.extra_firewall_rules_file = "/etc/own.nft";
    const FirewallPlan plan = firewall_plan(config);
    ASSERT_EQ(plan.open_ports.size(), 1U);
    EXPECT_EQ(plan.open_ports[0].protocol, IPPROTO_UDP);
    EXPECT_EQ(plan.open_ports[0].first, 5000);
    EXPECT_EQ(plan.open_ports[0].last, 5010);
    EXPECT_EQ(plan.dns_guard, DnsGuard::strict);
    EXPECT_EQ(plan.dns_servers, config.dns_servers);
    EXPECT_FALSE(user_rules(config).empty());
}

TEST_F(InstancePlanTest, WarnsAboutDnsThatIsNotGiven) {
    const TemporaryFolder own;
    config.namespace_name = "home";
    const auto without = dns_warning(config, own.path());
    ASSERT_TRUE(without);
    EXPECT_NE(without->find("host's resolv.conf"), std::string::npos);
    std::filesystem::create_directory(own.path() / "home");
    std::ofstream(own.path() / "home/resolv.conf") << "nameserver 192.0.2.53\n";
    EXPECT_FALSE(dns_warning(config, own.path())) << "the user's own file says it";
    config.search_domains = {"example.org"};
    EXPECT_TRUE(dns_warning(config, own.path())) << "domains alone find nothing";
    config.dns_servers = {*IpAddress::parse("192.0.2.53")};
    EXPECT_FALSE(dns_warning(config, own.path()));
}

TEST_F(InstancePlanTest, FingerprintFollowsFileAndKeys) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "home.conf";
    std::ofstream(file) << "one";
    const std::string first = fingerprint({file}, daemon_setup(config, 1420, {}));
    EXPECT_EQ(first, fingerprint({file}, daemon_setup(config, 1420, {})));
    config.private_key.mutable_bytes()[0] = 16;
    const std::string other_key = fingerprint({file}, daemon_setup(config, 1420, {}));
    EXPECT_NE(first, other_key);
    std::ofstream(file) << "two";
    const std::string other_text = fingerprint({file}, daemon_setup(config, 1420, {}));
    EXPECT_NE(other_key, other_text);
    const auto rules = folder.path() / "own.nft";
    std::ofstream(rules) << "table inet own { }";
    EXPECT_NE(fingerprint({file, rules}, daemon_setup(config, 1420, {})), other_text);
}

}  // namespace
}  // namespace wgns
