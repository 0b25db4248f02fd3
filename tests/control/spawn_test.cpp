#include "control/spawn.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "control/descriptor_channel.h"

namespace wgns {
namespace {

// The program that starts again is this test program, so its own options show what came through.
int status_of(const std::vector<std::string>& arguments) {
    auto pair = DescriptorChannel::create_pair();
    WG_ASSERT(pair.has_value());
    const UniqueFd silent(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    SpawnOptions options;
    options.arguments = arguments;
    options.channel = pair->second.fd();
    options.output = silent.get();
    options.own_session = true;
    options.ends_with_parent = true;
    const auto pid = spawn_self(options);
    WG_ASSERT(pid.has_value());
    int status = 0;
    EXPECT_EQ(::waitpid(*pid, &status, 0), *pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(SpawnSelf, StartsThisProgramWithItsArguments) {
    EXPECT_EQ(status_of({"--gtest_list_tests"}), 0);
}

// One test, two processes: the parent runs it again in a child.
TEST(SpawnSelf, TheChildFindsItsChannelAndNoInput) {
    constexpr const char* mark = "WGNS_TEST_SPAWNED";
    if (std::getenv(mark) == nullptr) {
        ::setenv(mark, "1", 1);
        EXPECT_EQ(status_of({"--gtest_filter=SpawnSelf.TheChildFindsItsChannelAndNoInput"}), 0);
        ::unsetenv(mark);
        return;
    }
    DescriptorChannel channel{UniqueFd(role_channel_fd)};
    EXPECT_TRUE(channel.send("hello"));
    char byte = 0;
    EXPECT_EQ(::read(STDIN_FILENO, &byte, 1), 0);
}

}  // namespace
}  // namespace wgns
