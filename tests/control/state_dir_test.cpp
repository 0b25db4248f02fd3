#include "control/state_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

namespace fs = std::filesystem;

struct StateDirTest : testing::Test {
    TemporaryFolder folder;
    fs::path root = folder.path() / "wgns-user";
    StateDir state{"home", root};
};

TEST(StateDirName, IsOnePlainComponent) {
    for (const char* name : {"home", "wg0", "a.b-c_d", "A+1=2"})
        EXPECT_TRUE(StateDir::is_valid_name(name)) << name;
    for (const char* name : {"", ".", "..", ".x", "a/b", "-x", "a b", "ä", "a\n"})
        EXPECT_FALSE(StateDir::is_valid_name(name)) << name;
    EXPECT_TRUE(StateDir::is_valid_name(std::string(64, 'a')));
    EXPECT_FALSE(StateDir::is_valid_name(std::string(65, 'a')));
}

TEST_F(StateDirTest, NothingExistsAtFirst) {
    EXPECT_FALSE(state.exists());
    EXPECT_TRUE(StateDir::list(root).empty());
    const auto locked = state.lock();
    ASSERT_FALSE(locked);
    EXPECT_EQ(locked.error().code, ENOENT);
    EXPECT_TRUE(state.remove());
}

TEST_F(StateDirTest, IsPrivate) {
    ASSERT_TRUE(state.create_and_lock());
    ASSERT_TRUE(state.write("note", "text"));
    struct stat info {};
    ASSERT_EQ(::stat(state.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U);
    ASSERT_EQ(::stat((state.path() / "note").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(StateDirTest, LockIsExclusive) {
    {
        const auto first = state.create_and_lock();
        ASSERT_TRUE(first);
        const auto second = state.lock();
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, EWOULDBLOCK);
    }
    EXPECT_TRUE(state.lock());
}

// Two that take it away, one after the other; and one that makes it meanwhile.
TEST_F(StateDirTest, LockOfWhatIsTakenAway) {
    constexpr int rounds = 100;
    std::atomic<int> holders = 0;
    const auto take_away = [&](bool is_making) {
        for (int i = 0; i < rounds; ++i) {
            const auto patience = std::chrono::seconds(20);
            const auto lock = is_making ? state.create_and_lock(patience) : state.lock(patience);
            if (!lock) {
                EXPECT_EQ(lock.error().code, ENOENT) << describe(lock.error());
                EXPECT_FALSE(is_making);
                continue;
            }
            EXPECT_EQ(++holders, 1);
            EXPECT_TRUE(state.write("note", "text"));
            --holders;
            EXPECT_TRUE(state.remove());
        }
    };
    std::thread making(take_away, true);
    std::thread first(take_away, false);
    std::thread second(take_away, false);
    for (std::thread* thread : {&making, &first, &second})
        thread->join();
    EXPECT_FALSE(state.exists());
}

TEST_F(StateDirTest, RemoveTakesAllAndTheRootWhenItWasTheLast) {
    const StateDir other("work", root);
    ASSERT_TRUE(state.create_and_lock());
    ASSERT_TRUE(other.create_and_lock());
    EXPECT_EQ(StateDir::list(root), (std::vector<std::string>{"home", "work"}));
    EXPECT_TRUE(state.remove());
    EXPECT_FALSE(fs::exists(state.path()));
    EXPECT_TRUE(fs::exists(root));
    EXPECT_TRUE(other.remove());
    EXPECT_FALSE(fs::exists(root));
}

TEST_F(StateDirTest, KnowsItsSupervisorWhileThatRuns) {
    ASSERT_TRUE(state.create_and_lock());
    EXPECT_FALSE(state.running_supervisor());
    auto self = ProcessId::of(::getpid());
    ASSERT_TRUE(self);
    ASSERT_TRUE(state.write_supervisor(*self));
    EXPECT_EQ(state.running_supervisor(), self);
    ++self->start_ticks;
    ASSERT_TRUE(state.write_supervisor(*self));
    EXPECT_FALSE(state.running_supervisor());
}

TEST_F(StateDirTest, ReadsWhatWasWritten) {
    ASSERT_TRUE(state.create_and_lock());
    EXPECT_FALSE(state.read("note"));
    ASSERT_TRUE(state.write("note", "first, and longer"));
    ASSERT_TRUE(state.write("note", "second"));
    EXPECT_EQ(state.read("note"), "second");
}

}  // namespace
}  // namespace wgns
