#include "control/network.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "control/instance_plan.h"
#include "netns/firewall.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

TEST(Network, WithoutAJournalThereIsNothingToUndo) {
    const TemporaryFolder folder;
    EXPECT_TRUE(undo_network(folder.path() / "journal"));
}

TEST(Network, IsMadeAndTakenAway) {
    if (::geteuid() != 0 || ::access("/dev/net/tun", F_OK) < 0)
        GTEST_SKIP() << "needs root and /dev/net/tun";
    const TemporaryFolder folder;
    const auto journal = folder.path() / "journal";
    Config config;
    config.namespace_name = "wgns-test-" + std::to_string(::getpid());
    config.interface_name = "wg0";
    config.addresses = {*IpPrefix::parse("10.9.0.1/24"), *IpPrefix::parse("fd09::1/64")};
    config.dns_servers = {*IpAddress::parse("10.9.0.2")};
    config.extra_firewall_rules = {"add rule inet my_table my_input iif wg0 accept"};
    config.peers.emplace_back().allowed_ips = {*IpPrefix::parse("0.0.0.0/0"),
                                               *IpPrefix::parse("10.9.1.7/24")};

    const auto tun = make_network(config, 1400, 1, journal);
    EXPECT_TRUE(tun) << describe(tun.error());
    const std::string path = namespace_path(config.namespace_name);
    EXPECT_TRUE(std::filesystem::exists(path));
    const std::filesystem::path files = "/etc/netns/" + config.namespace_name;
    EXPECT_TRUE(std::filesystem::exists(files / "resolv.conf"));
    const auto missing =
        missing_rules(*Namespace::named(config.namespace_name), firewall_plan(config));
    EXPECT_TRUE(missing && missing->empty());

    const auto again = make_network(config, 1400, 1, folder.path() / "other-journal");
    EXPECT_FALSE(again);
    EXPECT_TRUE(undo_network(folder.path() / "other-journal"));
    EXPECT_TRUE(std::filesystem::exists(path)) << "somebody else's was taken away";

    EXPECT_TRUE(undo_network(journal));
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_FALSE(std::filesystem::exists(files));
    EXPECT_TRUE(undo_network(journal));
}

}  // namespace
}  // namespace wgns
