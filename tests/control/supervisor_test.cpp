#include "control/supervisor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/read_file.h"
#include "control/spawn.h"

namespace wgns {
namespace {

// The supervisor starts this same test program as its daemon. The name of the instance says what
// that daemon is to do.
void play_daemon(const std::string& part) {
    DescriptorChannel channel{UniqueFd(role_channel_fd)};
    const auto received = channel.receive();
    if (!received || !*received || part == "silent") ::_exit(9);
    if (part == "fails") {
        static_cast<void>(channel.send({{daemon_word::failed, "no luck"}}));
        ::_exit(1);
    }
    static_cast<void>(channel.send({{daemon_word::ready, true}}));
    if (part == "gone") ::_exit(daemon_word::device_gone);
    if (part == "keeps") {
        // What the first daemon gives to keep is what the second one gets.
        const UniqueFd other(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        struct stat info {};
        ::fstat((**received).descriptors.at("pipe").get(), &info);
        if (S_ISCHR(info.st_mode)) ::kill(::getppid(), SIGTERM);
        static_cast<void>(channel.send({{daemon_word::keep, true}}, {{"pipe", other.get()}}));
        ::_exit(9);
    }
    // One byte is in the pipe, so the first daemon crashes and the second one asks for the end.
    char byte = 0;
    const int pipe = (**received).descriptors.at("pipe").get();
    if (part == "crashes" && ::read(pipe, &byte, 1) == 1) ::_exit(9);
    if (part == "crashes") ::kill(::getppid(), SIGTERM);
    for (;;)
        ::pause();
}

// Before GoogleTest's main, which would run all tests again.
struct Part {
    Part() {
        const std::string line = text_of_file("/proc/self/cmdline");
        const std::string start("wgns-user\0daemon\0", 17);
        if (line.starts_with(start)) play_daemon(line.c_str() + start.size());
    }
} const part;

struct SupervisorTest : testing::Test {
    UniqueFd read_end;
    UniqueFd write_end;
    int times_ready = 0;
    int times_told = 0;  // that it ends
    sigset_t mask_before{};

    void SetUp() override {
        ::sigprocmask(SIG_BLOCK, nullptr, &mask_before);
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
        read_end.reset(ends[0]);
        write_end.reset(ends[1]);
        ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
    }
    void TearDown() override { ::sigprocmask(SIG_SETMASK, &mask_before, nullptr); }

    Supervisor::Ending run(const std::string& name, int watched, bool end_when_ready) {
        std::map<std::string, UniqueFd> descriptors;
        descriptors["pipe"] = std::move(read_end);
        Supervisor supervisor(name, std::move(descriptors));
        const auto on_ready = [&] {
            ++times_ready;
            if (end_when_ready) ::kill(::getpid(), SIGTERM);
        };
        return supervisor.run(watched, {on_ready, [&] { ++times_told; }});
    }
};

TEST_F(SupervisorTest, EndsWhenToldTo) {
    const auto ending = run("stays", -1, true);
    EXPECT_EQ(ending.cause, Supervisor::Cause::told);
    EXPECT_EQ(times_ready, 1);
    EXPECT_EQ(times_told, 1);
}

TEST_F(SupervisorTest, KeepsWhatADaemonGivesItForTheNextOne) {
    const auto ending = run("keeps", -1, false);
    EXPECT_EQ(ending.cause, Supervisor::Cause::told) << ending.reason;
}

TEST_F(SupervisorTest, StartsACrashedDaemonAgainOnTheSameDescriptors) {
    const auto ending = run("crashes", -1, false);
    EXPECT_EQ(ending.cause, Supervisor::Cause::told);
    EXPECT_EQ(times_ready, 1);
}

TEST_F(SupervisorTest, TellsWhyADaemonWasNeverReady) {
    const auto ending = run("fails", -1, false);
    EXPECT_EQ(ending.cause, Supervisor::Cause::failed);
    EXPECT_EQ(ending.reason, "no luck");
    EXPECT_EQ(times_ready, 0);
}

TEST_F(SupervisorTest, TellsHowASilentDaemonEnded) {
    const auto ending = run("silent", -1, false);
    EXPECT_EQ(ending.cause, Supervisor::Cause::failed);
    EXPECT_EQ(ending.reason, "the daemon ended with status 9");
}

TEST_F(SupervisorTest, EndsWithTheDevice) {
    EXPECT_EQ(run("gone", -1, false).cause, Supervisor::Cause::device_gone);
}

}  // namespace
}  // namespace wgns
