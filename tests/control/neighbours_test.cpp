#include "control/neighbours.h"

#include <gtest/gtest.h>

#include "control/expected_network.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

struct NeighboursTest : testing::Test {
    TemporaryFolder folder;
    StateDir home{"home", folder.path() / "wgns-user"};
    StateDir work{"work", folder.path() / "wgns-user"};

    void SetUp() override {
        ASSERT_TRUE(home.create_and_lock());
        ASSERT_TRUE(work.create_and_lock());
    }
    static void note(const StateDir& state, const std::vector<Made>& made) {
        auto journal = Journal::open(state.journal().string());
        ASSERT_TRUE(journal);
        for (const Made& each : made)
            ASSERT_TRUE(journal->will_make(each));
    }
};

TEST_F(NeighboursTest, OnesOwnIsNobodyElses) {
    note(home, {MadeNamespace{"vpn", 7}});
    EXPECT_TRUE(made_by_neighbours(home).empty());
    EXPECT_EQ(made_by_neighbours(work), (std::vector<Made>{MadeNamespace{"vpn", 7}}));
}

TEST_F(NeighboursTest, ANamespaceIsKnownByNameAndIdentity) {
    note(home, {MadeNamespace{"vpn", 7}, MadeFile{"/etc/netns/vpn/resolv.conf"}});
    EXPECT_EQ(made_with_namespace(work, {"vpn", 7}).size(), 2U);
    EXPECT_TRUE(made_with_namespace(work, {"vpn", 8}).empty());
    EXPECT_TRUE(made_with_namespace(work, {"other", 7}).empty());
}

TEST_F(NeighboursTest, InterfacesOfTheSameNamespace) {
    ExpectedNetwork expected;
    expected.namespace_name = "vpn";
    expected.interface = "wg1";
    ASSERT_TRUE(work.write(StateDir::expected, to_text(expected)));
    EXPECT_EQ(neighbours_interfaces(home, "vpn"), std::vector<std::string>{"wg1"});
    EXPECT_TRUE(neighbours_interfaces(home, "other").empty());
    EXPECT_TRUE(neighbours_interfaces(work, "vpn").empty());
    ExpectedNetwork joined;
    joined.namespace_name = "vpn";
    ASSERT_TRUE(owner_of_namespace(home, joined));
    EXPECT_EQ(owner_of_namespace(home, joined)->interface, "wg1");
    expected.owns_namespace = false;
    ASSERT_TRUE(work.write(StateDir::expected, to_text(expected)));
    EXPECT_FALSE(owner_of_namespace(home, joined));
}

}  // namespace
}  // namespace wgns
