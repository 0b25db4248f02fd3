#include "control/namespace_users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace wgns {
namespace {

TEST(ProcessesInside, FindsThisOneInItsOwnNamespace) {
    const std::string own = "(" + std::to_string(::getpid()) + ")";
    EXPECT_THAT(processes_inside("/proc/self/ns/net"), testing::Contains(testing::HasSubstr(own)));
}

TEST(ProcessesInside, FindsNobodyInAFileThatIsNone) {
    EXPECT_TRUE(processes_inside("/nowhere/at/all").empty());
    EXPECT_TRUE(processes_inside("/proc/self/status").empty());
}

}  // namespace
}  // namespace wgns
