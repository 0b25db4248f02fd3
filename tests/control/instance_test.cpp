#include "control/instance.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace wgns {
namespace {

// Whole instances come and go in tests/system/; here are the answers that change nothing.
struct InstanceTest : testing::Test {
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    }
};

TEST_F(InstanceTest, WhatIsUnknownHasAStatusOfItsOwn) {
    for (const char* name : {"no-such-instance-here", "../etc", ""}) {
        const auto outcome = down(name);
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().status, exit_status::no_such_instance) << name;
        EXPECT_EQ(query_status(name).error().status, exit_status::no_such_instance) << name;
        EXPECT_FALSE(place_of(name)) << name;
    }
}

TEST_F(InstanceTest, AMissingConfigurationIsAConfigurationError) {
    UpRequest request;
    request.config = "/nowhere/at/all.conf";
    const auto outcome = up(request);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().status, exit_status::usage);
    EXPECT_NE(outcome.error().line.find("/nowhere/at/all.conf"), std::string::npos);
}

}  // namespace
}  // namespace wgns
