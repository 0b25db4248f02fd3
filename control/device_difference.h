// What has to change in a running device so that it becomes what a configuration says.
#pragma once

#include <cstddef>
#include <map>

#include "protocol/device_change.h"
#include "protocol/device_snapshot.h"

namespace wgns {

// `wanted` is what the configuration says, as device_change_of makes it, and `before` the endpoints
// that the one before it gave as addresses; `now` is what the device is. Whatever is right already
// is left out, so that its sessions live on. A peer keeps the endpoint that it has by now unless
// the configuration names another than before; and the device its port where no port is asked for.
[[nodiscard]] DeviceChange device_difference(const DeviceSnapshot& now,
                                             const std::map<PublicKey, Endpoint>& before,
                                             const DeviceChange& wanted);

// What makes a device without anything what this one is.
[[nodiscard]] DeviceChange change_to(const DeviceSnapshot& device);

// How much of it concerns peers.
struct PeerCounts {
    std::size_t added = 0;
    std::size_t removed = 0;
    std::size_t changed = 0;
};
[[nodiscard]] PeerCounts count_peers(const DeviceChange& difference);

}  // namespace wgns
