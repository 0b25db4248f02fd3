#include "control/instance_place.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "netns/journal.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

TEST(InstancePlace, IsWhatTheStateTells) {
    const TemporaryFolder folder;
    const StateDir state("home", folder.path() / "wgns-user");
    ASSERT_TRUE(state.create_and_lock());
    const auto nowhere = place_in(state);
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().code, ENOENT);

    ASSERT_TRUE(state.write(StateDir::namespace_name, "vpn"));
    auto journal = Journal::open(state.journal().string());
    ASSERT_TRUE(journal && journal->will_make(MadeFile{"/etc/netns/vpn/resolv.conf"}));
    const auto place = place_in(state);
    ASSERT_TRUE(place) << describe(place.error());
    EXPECT_EQ(place->netns, "/run/netns/vpn");
    EXPECT_EQ(place->instance, "home");
    EXPECT_EQ(place->view.files, "/etc/netns/vpn");
    EXPECT_EQ(place->view.required, std::vector<std::string>{"/etc/netns/vpn/resolv.conf"});
}

}  // namespace
}  // namespace wgns
