#include "control/notes.h"

#include <gtest/gtest.h>

#include "control/expected_network.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

TEST(Notes, TellALaterCommandWhatIsThere) {
    const TemporaryFolder folder;
    const StateDir state("home", folder.path() / "wgns-user");
    ASSERT_TRUE(state.create_and_lock());
    Config config;
    config.instance = "home";
    config.namespace_name = "vpn";
    config.interface_name = "wg0";
    const std::filesystem::path file = "home.conf";
    DaemonSetup setup;
    setup.mtu = 1400;
    const auto noted = write_notes(state, {config, file, false, {1400, 2}, setup});
    ASSERT_TRUE(noted) << describe(noted.error());

    EXPECT_EQ(state.read(StateDir::namespace_name), "vpn");
    EXPECT_EQ(state.read(StateDir::config_file), std::filesystem::absolute(file).string());
    EXPECT_EQ(state.read(StateDir::fingerprint), fingerprint_of(config, file, setup));
    const auto expected = parse_expected_network(*state.read(StateDir::expected));
    ASSERT_TRUE(expected);
    EXPECT_FALSE(expected->owns_namespace);
    EXPECT_EQ(expected->workers, 2U);
    const auto steps = parse_steps(*state.read(StateDir::steps));
    EXPECT_TRUE(changed_steps(steps, plan_steps(config, {1400, 2})).empty());
    EXPECT_EQ(changed_steps(steps, plan_steps(config, {1300, 2})),
              std::vector<std::string>{"links"});
    setup.mtu = 1300;
    EXPECT_NE(state.read(StateDir::fingerprint), fingerprint_of(config, file, setup));
}

}  // namespace
}  // namespace wgns
