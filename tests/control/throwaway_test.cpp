#include "control/throwaway.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

// What it makes, and that nothing is left, is what tests/system/run_test.py shows.
TEST(Throwaway, AFileThatIsMissingIsAFailureOfOurs) {
    RunRequest request;
    request.config = "/nowhere/at/all.conf";
    request.command = {"true"};
    const auto status = run_throwaway(request);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().status, exit_status::exec_failed);
    EXPECT_NE(status.error().line.find("/nowhere/at/all.conf"), std::string::npos);
}

}  // namespace
}  // namespace wgns
