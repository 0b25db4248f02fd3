#include "control/unix_address.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace wgns {
namespace {

TEST(UnixAddress, HoldsWhatTheKernelHasRoomFor) {
    const auto address = unix_address("/run/a.sock");
    ASSERT_TRUE(address);
    EXPECT_STREQ(address->sun_path, "/run/a.sock");
    EXPECT_TRUE(unix_address(std::string(sizeof address->sun_path - 1, 'x')));
    const auto long_one = unix_address(std::string(sizeof address->sun_path, 'x'));
    ASSERT_FALSE(long_one);
    EXPECT_EQ(long_one.error().code, ENAMETOOLONG);
}

}  // namespace
}  // namespace wgns
