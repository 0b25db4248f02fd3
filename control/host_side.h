// What an instance has on the host's side, opened before there is a namespace: its UDP sockets and
// the listeners of published ports and of metrics. A socket belongs for good to the network
// namespace that it was opened in.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/config.h"
#include "control/daemon_setup.h"
#include "control/data_plane.h"
#include "control/failure.h"
#include "netns/tun_device.h"

namespace wgns {

// Under the names that they have on their way to a daemon (control/descriptor_name.h).
using Descriptors = std::map<std::string, UniqueFd>;
// For DescriptorChannel::send.
[[nodiscard]] std::map<std::string, int> lend(const Descriptors& descriptors);

struct HostSide {
    Descriptors descriptors;
    unsigned workers = 1;
    DaemonSetup setup;
};

// In the caller's network namespace, and the UDP sockets in SocketNamespace where there is one.
// Starts no thread unless there is.
[[nodiscard]] Result<HostSide, Failure> open_host_side(const Config& config,
                                                       const DataPlaneWords& data_plane);

void add_tun(Descriptors& descriptors, TunQueues tun);

}  // namespace wgns
