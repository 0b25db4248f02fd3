// What many peers and many allowed IPs cost a device. The deadlines are far from what is measured,
// and far from what a wrong order of growth would take.
#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>

#include "device_harness.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""s;

constexpr std::uint32_t peer_count = 10'000;

struct DeviceScaleTest : ::testing::Test {
    TestClock clock;
    SeededEntropy entropy{1};
    Outbox outbox{1};
    DropCounters drops;
    Device device{entropy};

    static PeerChange peer(std::uint32_t number) {
        PeerChange change;
        store_le(MutableBytes(change.public_key.bytes), number);
        return change;
    }
    static IpPrefix address(std::uint32_t number) {
        std::array<std::uint8_t, 4> raw;
        store_be(raw, number);
        return {IpAddress::v4(raw), 32};
    }
    void apply(DeviceChange change) {
        EXPECT_TRUE(device.apply(std::move(change), clock.moment(), outbox));
    }
    template <class Fn>
    static Duration time_of(Fn fn) {
        const auto before = std::chrono::steady_clock::now();
        fn();
        return std::chrono::steady_clock::now() - before;
    }
};

TEST_F(DeviceScaleTest, AnIdlePeerTakesLessThan16KiB) {
    const std::size_t before = ::mallinfo2().uordblks;
    {
        DeviceChange change;
        for (std::uint32_t number = 1; number <= peer_count; ++number) {
            change.peers.push_back(peer(number));
            change.peers.back().allowed_ips.push_back({address(number), false});
        }
        apply(std::move(change));
    }
    const std::size_t each = (::mallinfo2().uordblks - before) / peer_count;
    RecordProperty("bytes_per_peer", static_cast<int>(each));
    EXPECT_LE(each + 3 * sizeof(Session), 16u * 1024u);
}

TEST_F(DeviceScaleTest, ATickCostsNothingWhereNothingIsDue) {
    DeviceChange change;
    for (std::uint32_t number = 1; number <= peer_count; ++number) {
        change.peers.push_back(peer(number));
        change.peers.back().persistent_keepalive_seconds = 25;
    }
    apply(std::move(change));
    ASSERT_FALSE(device.next_deadline().is_never());
    clock.advance(1s);
    const Duration taken = time_of([&] {
        for (int tick = 0; tick < 100'000; ++tick)
            device.expire(clock.moment(), outbox, drops);
    });
    EXPECT_LT(taken, 2s) << "a look at each of 10,000 peers";
}

TEST_F(DeviceScaleTest, AHundredThousandAllowedIpsLoadInOneBreath) {
    constexpr std::uint32_t count = 130'560;
    DeviceChange change;
    change.peers.push_back(peer(1));
    for (std::uint32_t number = 0; number < count; ++number)
        change.peers[0].allowed_ips.push_back({address(number * 0x9e37'79b1u), false});
    const Duration taken = time_of([&] { apply(std::move(change)); });
    EXPECT_EQ(device.snapshot().peers.at(0).allowed_ips.size(), count);
    EXPECT_LT(taken, 5s);
}

}  // namespace
}  // namespace wgns
