// The network side of an instance: its namespace and the tunnel's interface in it. Everything made
// is written to the journal first, so that it can be taken away without the configuration.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "control/config.h"
#include "control/state_dir.h"
#include "netns/link.h"
#include "netns/namespace.h"
#include "netns/netlink.h"
#include "netns/tun_device.h"

namespace wgns {

// The namespace with the tunnel's interface in it, which is still down.
struct TunnelPlace {
    TunQueues tun;
    bool owns_namespace = true;  // else another instance has made it
};

// Makes the namespace, or takes the one that another instance of ours has made by this name, and in
// it the TUN, with a queue for each worker; in one of its own the firewall and the files for names
// as well. Nothing can get out of it yet. A TUN that was `kept` is taken with its namespace, unless
// another instance has the name by now. On an error the journal tells what was made until then.
Result<TunnelPlace> make_place(const Config& config, unsigned workers, const StateDir& state,
                               TunQueues kept = {});

// Brings the namespace's settings, firewall and files to what the configuration says, each at once
// or not at all, and touches nothing that is so already. Those of a namespace that it does not own
// are left alone.
Status update_place(const Config& config, bool owns_namespace, const StateDir& state);

// The part of it that needs neither name nor journal: the firewall and then the kernel's settings.
// `identity` is that of a namespace which the caller knows to be ours.
Status set_up_namespace(const Config& config, const Namespace& ns, ino_t identity);

// Makes `lo` and the tunnel's interface what the configuration says: its MTU, addresses and routes;
// both are up afterwards. What is so already is not touched.
Status update_links(const Config& config, std::uint32_t mtu);
// The same in a namespace that has no name.
Status update_links(const Config& config, const Namespace& ns, std::uint32_t mtu);

// Makes the TCP superpackets of the tunnel's interface as large as a train takes at its MTU. Only
// speed hangs on it, so a kernel that refuses is left alone.
void fit_superpackets(Netlink& netlink, const Link& tunnel, std::uint32_t mtu);

// Takes away what the journal tells of, newest first, but for what another instance has in its own.
// Done also when it is gone already, or when there is no journal.
Status undo_network(const StateDir& state);

// The file of a namespace, as `ip netns` has it.
[[nodiscard]] std::string namespace_path(const std::string& name);

}  // namespace wgns
