#include "control/failure.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace wgns {
namespace {

TEST(Failure, NamesStepOperationSubjectAndHint) {
    const Failure failure = step_failed("network interface", {EPERM, "open", "/dev/x", "use sudo"});
    EXPECT_EQ(failure.status, exit_status::failed);
    EXPECT_EQ(failure.line, "network interface: open /dev/x: Operation not permitted; use sudo");
}

}  // namespace
}  // namespace wgns
