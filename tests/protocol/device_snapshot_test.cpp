#include "protocol/device_snapshot.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace wgns {
namespace {

static_assert(!std::is_copy_constructible_v<PeerSnapshot>, "it holds a preshared key");
static_assert(!std::is_copy_constructible_v<DeviceSnapshot>, "it holds a private key");

TEST(DeviceSnapshot, SaysNoneByZeros) {
    const DeviceSnapshot device;
    EXPECT_TRUE(device.private_key.is_zero());
    EXPECT_EQ(device.listen_port, 0);
    EXPECT_EQ(device.fwmark, 0u);
    const PeerSnapshot peer;
    EXPECT_TRUE(peer.preshared_key.is_zero());
    EXPECT_FALSE(peer.endpoint.is_set());
    EXPECT_EQ(peer.last_handshake, WallTime{});
    EXPECT_TRUE(peer.unanswered_since.is_never());
    EXPECT_EQ(peer.persistent_keepalive_seconds, 0);
}

}  // namespace
}  // namespace wgns
