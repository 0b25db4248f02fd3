#include "control/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "control/instance_plan.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

// A configuration that `parse_config` takes.
constexpr const char* key_text = "GBnQZnLSwwEKJPpjWEnhfMEiUYPuq1vPDDyhHZFmL04=";
const std::string home_conf = std::string("[Interface]\nPrivateKey = ") + key_text +
                              "\nAddress = 10.9.0.1/24\nDNS = 10.9.0.2, corp\nListenPort = 51820\n"
                              "AllowFromTunnel = tcp/8080\n"
                              "[Peer]\nPublicKey = 2Ih0qOTZPnNmOEoFnEIfp2WnAfWuJD0a9PsY8RmcdkU=\n"
                              "AllowedIPs = 0.0.0.0/0, ::/0\nEndpoint = vpn.example.org:7\n";

Config config_of(const std::string& more = "") {
    std::string whole = home_conf;
    whole.insert(std::string("[Interface]\n").size(), more);
    auto config = parse_config(whole, "home.conf");
    EXPECT_TRUE(config) << describe(config.error());
    return std::move(*config);
}

std::vector<std::string> lines_of(const std::vector<PlannedStep>& steps, const std::string& name) {
    const auto at = std::find_if(steps.begin(), steps.end(),
                                 [&](const PlannedStep& step) { return step.name == name; });
    return at == steps.end() ? std::vector<std::string>{} : at->lines;
}

bool has(const std::vector<std::string>& lines, const std::string& line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

TEST(Plan, HasEveryStepInTheOrderOfUp) {
    std::vector<std::string> names;
    for (const PlannedStep& step :
         plan_steps(config_of("ExtraFirewallRules = add table inet own\n"), {1400, 2})) {
        names.push_back(step.name);
        EXPECT_FALSE(step.lines.empty()) << step.name;
    }
    const std::vector<std::string> order{
        "sockets", "namespace", "settings", "TUN",    "firewall", "your rules", "files",
        "links",   "addresses", "link",     "routes", "state",    "processes"};
    EXPECT_EQ(names, order);
}

TEST(Plan, SaysWhatUpMakes) {
    const Config config = config_of();
    const auto steps = plan_steps(config, {1400, 1});
    EXPECT_TRUE(has(lines_of(steps, "namespace"), "/run/netns/home"));
    EXPECT_TRUE(has(lines_of(steps, "settings"), "net/ipv6/conf/all/disable_ipv6 = 1"));
    EXPECT_TRUE(has(lines_of(steps, "links"), "home mtu 1400"));
    EXPECT_TRUE(has(lines_of(steps, "files"), "  nameserver 10.9.0.2"));
    EXPECT_TRUE(has(lines_of(steps, "addresses"), "10.9.0.1/24"));
    EXPECT_EQ(lines_of(steps, "routes"), std::vector<std::string>{"0.0.0.0/0 dev home"})
        << "IPv6 is off";
    const auto rules = lines_of(steps, "firewall");
    for (const FirewallRule& rule : ruleset_of(firewall_plan(config)).rules)
        EXPECT_TRUE(has(rules, "  " + describe(rule))) << describe(rule);
    EXPECT_TRUE(has(rules, "my_input: filter, policy drop"));
    EXPECT_TRUE(lines_of(steps, "your rules").empty());
}

TEST(Plan, TellsPublishedPorts) {
    const auto steps = plan_steps(config_of("Publish = [::1]:8080 -> 80\n"), {1400, 1});
    EXPECT_TRUE(has(lines_of(steps, "sockets"), "TCP, [::1]:8080, which leads to port 80 inside"));
}

TEST(Plan, TellsThePortOfMetrics) {
    const auto steps = plan_steps(config_of("MetricsListen = 127.0.0.1:9586\n"), {1400, 1});
    EXPECT_TRUE(has(lines_of(steps, "sockets"), "TCP, 127.0.0.1:9586, for metrics"));
}

TEST(Plan, WithoutAFirewallSaysSo) {
    const auto steps = plan_steps(config_of("Firewall = none\n"), {1420, 1});
    EXPECT_EQ(lines_of(steps, "firewall").size(), 1U);
}

TEST(Plan, OfAFileHasNoSecretInIt) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "wgns-nobody.conf";
    std::ofstream(file) << home_conf;
    const auto plan = plan_of(file.string(), {});
    ASSERT_TRUE(plan) << plan.error().line;
    EXPECT_EQ(plan->now, "is not up");
    const std::string printed = print(*plan);
    EXPECT_EQ(printed.find(key_text), std::string::npos);
    EXPECT_TRUE(printed.starts_with("wgns-nobody is not up\n")) << printed;
    EXPECT_NE(printed.find("  firewall   table inet my_table"), std::string::npos) << printed;
    EXPECT_EQ(printed.back(), '\n');
}

TEST(Plan, OfABadFileIsBadConfiguration) {
    EXPECT_EQ(plan_of("/nowhere/at/all.conf", {}).error().status, exit_status::usage);
    EXPECT_EQ(plan_of("home", {.io = "pigeon"}).error().status, exit_status::usage);
}

}  // namespace
}  // namespace wgns
