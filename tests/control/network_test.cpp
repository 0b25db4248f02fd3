#include "control/network.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "control/instance_plan.h"
#include "netns/addressing.h"
#include "netns/firewall.h"
#include "netns/namespace.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

struct NetworkTest : testing::Test {
    TemporaryFolder folder;
    StateDir state{"home", folder.path() / "wgns-user"};
    StateDir other{"work", folder.path() / "wgns-user"};
    Config config;

    void SetUp() override {
        if (::geteuid() != 0 || ::access("/dev/net/tun", F_OK) < 0)
            GTEST_SKIP() << "needs root and /dev/net/tun";
        ASSERT_TRUE(state.create_and_lock());
        ASSERT_TRUE(other.create_and_lock());
        config.namespace_name = "wgns-test-" + std::to_string(::getpid());
        config.interface_name = "wg0";
        config.addresses = {*IpPrefix::parse("10.9.0.1/24"), *IpPrefix::parse("fd09::1/64")};
        config.dns_servers = {*IpAddress::parse("10.9.0.2")};
        config.extra_firewall_rules = {"add rule inet my_table my_input iif wg0 accept"};
        config.peers.emplace_back().allowed_ips = {*IpPrefix::parse("0.0.0.0/0"),
                                                   *IpPrefix::parse("10.9.1.7/24")};
    }
    void TearDown() override {
        EXPECT_TRUE(undo_network(state));
        EXPECT_TRUE(undo_network(other));
    }
    [[nodiscard]] std::string path() const { return namespace_path(config.namespace_name); }
    [[nodiscard]] std::string files() const { return "/etc/netns/" + config.namespace_name; }
    // What a Netlink inside reads of the tunnel's interface.
    [[nodiscard]] std::vector<IpPrefix> addresses() const {
        const auto all = Namespace::named(config.namespace_name)->run([&] {
            auto netlink = Netlink::open();
            return list_addresses(*netlink, *find_link(*netlink, config.interface_name));
        });
        return all ? *all : std::vector<IpPrefix>{};
    }
};

TEST(Network, WithoutAJournalThereIsNothingToUndo) {
    const TemporaryFolder folder;
    EXPECT_TRUE(undo_network(StateDir("home", folder.path() / "wgns-user")));
}

TEST_F(NetworkTest, AKeptTunComesWithItsNamespace) {
    auto place = make_place(config, 1, state);
    ASSERT_TRUE(place) << describe(place.error());
    const ino_t before = Namespace::named(config.namespace_name)->identity();
    ASSERT_TRUE(update_links(config, 1420));
    ASSERT_TRUE(undo_network(state));
    EXPECT_FALSE(std::filesystem::exists(path()));
    std::filesystem::remove(state.journal());
    config.addresses.pop_back();

    place = make_place(config, 1, state, std::move(place->tun));
    ASSERT_TRUE(place) << describe(place.error());
    EXPECT_TRUE(place->owns_namespace);
    EXPECT_EQ(Namespace::named(config.namespace_name)->identity(), before);
    ASSERT_TRUE(update_links(config, 1420));
    EXPECT_EQ(addresses(), config.addresses);
}

TEST_F(NetworkTest, AKeptTunIsNotTakenIntoAnothersNamespace) {
    auto kept = make_place(config, 1, state);
    ASSERT_TRUE(kept);
    ASSERT_TRUE(undo_network(state));
    std::filesystem::remove(state.journal());
    ASSERT_TRUE(make_place(config, 1, other));
    config.interface_name = "wg1";
    const auto place = make_place(config, 1, state, std::move(kept->tun));
    ASSERT_TRUE(place) << describe(place.error());
    EXPECT_FALSE(place->owns_namespace);
    EXPECT_EQ(tun_namespace(place->tun.front().get())->identity(),
              Namespace::named(config.namespace_name)->identity());
    EXPECT_TRUE(undo_network(state));
    std::filesystem::remove(state.journal());
}

TEST_F(NetworkTest, IsMadeAndTakenAway) {
    const auto place = make_place(config, 1, state);
    ASSERT_TRUE(place) << describe(place.error());
    EXPECT_TRUE(place->owns_namespace);
    const auto linked = update_links(config, 1400);
    EXPECT_TRUE(linked) << describe(linked.error());
    EXPECT_TRUE(std::filesystem::exists(path()));
    EXPECT_TRUE(std::filesystem::exists(files() + "/resolv.conf"));
    const auto missing =
        missing_rules(*Namespace::named(config.namespace_name), firewall_plan(config));
    EXPECT_TRUE(missing && missing->empty());

    EXPECT_TRUE(undo_network(state));
    EXPECT_FALSE(std::filesystem::exists(path()));
    EXPECT_FALSE(std::filesystem::exists(files()));
    EXPECT_TRUE(undo_network(state));
}

TEST_F(NetworkTest, SomebodyElsesNamespaceIsNotTaken) {
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns && give_name(*ns, config.namespace_name));
    EXPECT_FALSE(make_place(config, 1, state));
    EXPECT_TRUE(undo_network(state));
    EXPECT_TRUE(std::filesystem::exists(path())) << "somebody else's was taken away";
    EXPECT_TRUE(remove_name(config.namespace_name, ns->identity()));
}

TEST_F(NetworkTest, BecomesWhatAnotherConfigurationSays) {
    const auto place = make_place(config, 1, state);
    ASSERT_TRUE(place) << describe(place.error());
    ASSERT_TRUE(update_links(config, 1400));
    config.addresses = {*IpPrefix::parse("10.9.0.1/24")};
    config.dns_servers.clear();
    config.allow_from_tunnel = {{TransportProtocol::tcp, 80, 80}};
    auto updated = update_place(config, true, state);
    if (updated) updated = update_links(config, 1300);
    ASSERT_TRUE(updated) << describe(updated.error());
    EXPECT_EQ(addresses(), config.addresses);
    EXPECT_FALSE(std::filesystem::exists(files() + "/resolv.conf"));
    const auto missing =
        missing_rules(*Namespace::named(config.namespace_name), firewall_plan(config));
    EXPECT_TRUE(missing && missing->empty());

    config.addresses = {*IpPrefix::parse("10.9.0.7/24"), *IpPrefix::parse("fd09::7/64")};
    updated = update_place(config, true, state);
    if (updated) updated = update_links(config, 1300);
    ASSERT_TRUE(updated) << describe(updated.error());
    EXPECT_EQ(addresses().size(), 2U) << "IPv6 is wanted again";
}

TEST_F(NetworkTest, ASharedNamespaceGoesWithTheLastInstance) {
    const auto first = make_place(config, 1, state);
    ASSERT_TRUE(first) << describe(first.error());
    Config second;
    second.namespace_name = config.namespace_name;
    second.interface_name = "wg1";
    const auto joined = make_place(second, 1, other);
    ASSERT_TRUE(joined) << describe(joined.error());
    EXPECT_FALSE(joined->owns_namespace);

    EXPECT_TRUE(undo_network(state));
    ASSERT_TRUE(state.remove());
    EXPECT_TRUE(std::filesystem::exists(path())) << "the other one is inside";
    EXPECT_TRUE(std::filesystem::exists(files() + "/resolv.conf"));
    EXPECT_TRUE(undo_network(other));
    EXPECT_FALSE(std::filesystem::exists(path()));
    EXPECT_FALSE(std::filesystem::exists(files()));
}

}  // namespace
}  // namespace wgns
