#include "base/assert.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

TEST(Assert, HoldsQuietlyAndEvaluatesOnce) {
    int evaluations = 0;
    WG_ASSERT(++evaluations == 1);
    EXPECT_EQ(evaluations, 1);
}

TEST(AssertDeathTest, EndsTheProcessAndNamesThePlace) {
    const int zero = 0;
    EXPECT_DEATH(WG_ASSERT(zero == 1),
                 "wgns-user: bug: zero == 1 does not hold at .*assert_test.cpp:[0-9]+");
}

}  // namespace
}  // namespace wgns
