#include "control/roles.h"

#include <gtest/gtest.h>

#include "control/failure.h"

namespace wgns {
namespace {

TEST(Roles, RefuseWhatIsNoInstancesName) {
    for (const char* name : {"", "../etc", "a/b"}) {
        EXPECT_EQ(supervisor_role(name), exit_status::usage) << name;
        EXPECT_EQ(keeper_role(name), exit_status::usage) << name;
        EXPECT_EQ(daemon_role(name), exit_status::usage) << name;
    }
}

}  // namespace
}  // namespace wgns
