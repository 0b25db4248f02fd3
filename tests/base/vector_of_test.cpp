#include "base/vector_of.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace wgns {
namespace {

TEST(Vector, HasItsSizeAndWorksLaneByLane) {
    using Four = Vector<std::uint32_t, 16>;
    static_assert(sizeof(Four) == 16);
    const Four sum = Four{1, 2, 3, 0xffffffff} + 1;
    EXPECT_EQ(sum[0], 2u);
    EXPECT_EQ(sum[2], 4u);
    EXPECT_EQ(sum[3], 0u);
}

}  // namespace
}  // namespace wgns
