#include "dataplane/shared_device.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/sim/host.h"

namespace wgns {
namespace {

constexpr unsigned thread_count = 4, rounds = 5'000;

struct SharedDeviceTest : ::testing::Test {
    SeededEntropy entropy{1};
    SharedDevice shared{entropy};

    template <class Fn>
    static void in_threads(Fn fn) {
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < thread_count; ++i)
            threads.emplace_back([fn] {
                for (unsigned round = 0; round < rounds; ++round)
                    fn();
            });
        for (std::thread& thread : threads)
            thread.join();
    }
};

TEST_F(SharedDeviceTest, GuardsExcludeEachOther) {
    // Plain on purpose: without exclusion increments are lost, and TSan says so.
    std::uint32_t holders = 0, meetings = 0, turns = 0;
    in_threads([&] {
        const auto device = shared.hold();
        if (++holders != 1) ++meetings;
        device->set_mtu(device->mtu() + 1);
        ++turns;
        --holders;
    });
    EXPECT_EQ(meetings, 0u);
    EXPECT_EQ(turns, thread_count * rounds);
    EXPECT_EQ(shared.hold()->mtu(), 1420 + thread_count * rounds);
}

TEST_F(SharedDeviceTest, DropsOfAllWorkersAddUp) {
    in_threads([&] {
        DropCounters of_turn;
        of_turn.count(Drop::not_ip);
        of_turn.count(Drop::bad_tag, 2);
        shared.hold().drops() += of_turn;
    });
    const auto device = shared.hold();
    EXPECT_EQ(device.drops()[Drop::not_ip], thread_count * rounds);
    EXPECT_EQ(device.drops()[Drop::bad_tag], 2 * thread_count * rounds);
    EXPECT_EQ(device.drops()[Drop::no_peer], 0u);
}

TEST_F(SharedDeviceTest, AGuardReachesTheOneDevice) {
    shared.hold()->set_mtu(1280);
    const auto device = shared.hold();
    EXPECT_EQ(device->mtu(), 1280u);
    EXPECT_EQ((*device).mtu(), 1280u);
}

}  // namespace
}  // namespace wgns
