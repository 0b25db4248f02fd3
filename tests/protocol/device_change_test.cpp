#include "protocol/device_change.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace wgns {
namespace {

static_assert(!std::is_copy_constructible_v<PeerChange>, "it holds a preshared key");
static_assert(!std::is_copy_constructible_v<DeviceChange>, "it holds a private key");

TEST(DeviceChange, NothingIsTouchedUnlessItIsSaid) {
    const DeviceChange change;
    EXPECT_FALSE(change.private_key || change.listen_port || change.fwmark);
    EXPECT_FALSE(change.replace_peers);
    EXPECT_TRUE(change.peers.empty());
}

TEST(PeerChange, NothingIsTouchedUnlessItIsSaid) {
    const PeerChange change;
    EXPECT_FALSE(change.preshared_key || change.endpoint || change.persistent_keepalive_seconds);
    EXPECT_FALSE(change.remove || change.update_only || change.replace_allowed_ips);
    EXPECT_FALSE(change.start_handshake);
    EXPECT_TRUE(change.allowed_ips.empty());
}

}  // namespace
}  // namespace wgns
