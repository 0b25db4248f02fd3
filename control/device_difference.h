// What has to change in a running device so that it becomes what a configuration says.
#pragma once

#include "protocol/device_change.h"
#include "protocol/device_snapshot.h"

namespace wgns {

// `wanted` and `before` are what the configuration says and what the one before it said, as
// device_change_of makes them; `now` is what the device is. Whatever is right already is left out,
// so that its sessions live on. A peer keeps the endpoint that it has by now unless the
// configuration names another than before; and the device its port where no port is asked for.
[[nodiscard]] DeviceChange device_difference(const DeviceSnapshot& now, const DeviceChange& before,
                                             const DeviceChange& wanted);

// How much of it concerns peers.
struct PeerCounts {
    std::size_t added = 0;
    std::size_t removed = 0;
    std::size_t changed = 0;
};
[[nodiscard]] PeerCounts count_peers(const DeviceChange& difference);

}  // namespace wgns
