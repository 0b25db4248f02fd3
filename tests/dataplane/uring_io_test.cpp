#include "dataplane/uring_io.h"

#include "io_harness.h"

namespace wgns {
namespace {

TEST(UringIo, IsTheFirstChoice) {
    IoHarness harness(IoKind::automatic);
    EXPECT_EQ(harness.io->name(), "uring");
}

TEST(UringIo, SendsMoreThanItsRingHoldsAtATime) {
    IoHarness harness(IoKind::uring);
    for (int round = 0; round < 50; ++round) {
        for (std::size_t i = 0; i < Turn::sends_max; ++i) {
            const MutableBytes slot = harness.work.to_udp.datagram(harness.far, 100 + i, 0);
            if (!slot.empty()) slot[0] = 1;
        }
        ASSERT_TRUE(harness.turn());
        while (!harness.receive_from_io().empty()) {
        }
    }
    ASSERT_TRUE(harness.turn());
    EXPECT_EQ(harness.work.to_udp.free_count(), Turn::sends_max);
}

}  // namespace
}  // namespace wgns
