#include "control/uapi_link.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <optional>

#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

namespace fs = std::filesystem;

struct UapiLinkTest : testing::Test {
    TemporaryFolder all;
    fs::path folder = all.path() / "wireguard";
    fs::path own = all.path() / "home";
    std::string journal_path = (all.path() / "journal").string();
    std::optional<Journal> journal;

    void SetUp() override {
        fs::create_directory(own);
        auto opened = Journal::open(journal_path);
        ASSERT_TRUE(opened);
        journal.emplace(*std::move(opened));
    }
    Result<std::string> link(const std::vector<std::string>& names) {
        return link_uapi(names, own / "uapi.sock", *journal, folder);
    }
};

TEST_F(UapiLinkTest, TakesTheFirstNameAndGoesWithTheJournal) {
    const auto name = link({"wg0", "home"});
    ASSERT_TRUE(name) << describe(name.error());
    EXPECT_EQ(*name, "wg0");
    EXPECT_EQ(fs::read_symlink(folder / "wg0.sock"), own / "uapi.sock");
    EXPECT_TRUE(undo(*read_journal(journal_path)).empty());
    EXPECT_FALSE(fs::exists(folder));
}

TEST_F(UapiLinkTest, LeavesALiveOneAlone) {
    const auto live = UapiSocket::create("wg0", folder);
    ASSERT_TRUE(live) << describe(live.error());
    EXPECT_EQ(*link({"wg0", "home"}), "home");
    const auto none = link({"wg0"});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, EADDRINUSE);
    EXPECT_TRUE(live->is_named());
}

TEST_F(UapiLinkTest, ReplacesWhatADeadOneLeftAndNothingElse) {
    fs::create_directory(folder);
    fs::create_symlink("/nowhere", folder / "wg0.sock");
    std::ofstream(folder / "wg1.sock") << "a file of somebody's";
    EXPECT_EQ(*link({"wg0"}), "wg0");
    EXPECT_FALSE(link({"wg1"}));
    EXPECT_TRUE(fs::is_regular_file(folder / "wg1.sock"));
    // Somebody else's by the time it is to go.
    fs::remove(folder / "wg0.sock");
    fs::create_symlink("/elsewhere", folder / "wg0.sock");
    EXPECT_TRUE(undo(*read_journal(journal_path)).empty());
    EXPECT_EQ(fs::read_symlink(folder / "wg0.sock"), "/elsewhere");
}

}  // namespace
}  // namespace wgns
