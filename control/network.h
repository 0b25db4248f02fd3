// The network side of an instance: its namespace and the tunnel's interface in it. Everything made
// is written to the journal first, so that it can be taken away without the configuration.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/config.h"
#include "netns/link.h"
#include "netns/netlink.h"
#include "netns/tun_device.h"

namespace wgns {

// Makes the namespace and in it the TUN, the firewall, DNS files, `lo`, addresses, the MTU and
// routes, in this order, and returns the TUN, with a queue for each worker. On an error the journal
// tells what was made until then.
Result<TunQueues> make_network(const Config& config, std::uint32_t mtu, unsigned workers,
                               const std::filesystem::path& journal);

// Makes the TCP superpackets of the tunnel's interface as large as a train takes at its MTU. Only
// speed hangs on it, so a kernel that refuses is left alone.
void fit_superpackets(Netlink& netlink, const Link& tunnel, std::uint32_t mtu);

// Takes away what the journal tells of, newest first. Done also when it is gone already, or when
// there is no journal.
Status undo_network(const std::filesystem::path& journal);

// The file of a namespace, as `ip netns` has it.
[[nodiscard]] std::string namespace_path(const std::string& name);

}  // namespace wgns
