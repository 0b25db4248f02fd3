// A TUN device (linux/if_tun.h, Documentation/networking/tuntap.rst), born inside a namespace.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/namespace.h"

namespace wgns {

// Whether the caller may open the file that all of this begins with.
[[nodiscard]] Status try_tun_file();

// At least one. Each has packets of flows of its own.
using TunQueues = std::vector<UniqueFd>;

// Makes the device in `ns` and returns its queues, which have a virtio-net header before each
// packet. The device lives as long as the descriptors and their copies. It is never on the host,
// not even for a moment: nobody there can take hold of it.
[[nodiscard]] Result<TunQueues> open_tun(const Namespace& ns, const std::string& name,
                                         unsigned queues = 1);
// The same in the calling thread's namespace.
[[nodiscard]] Result<TunQueues> open_tun_here(const std::string& name, unsigned queues = 1);

// What a queue that somebody else opened is like.
struct TunShape {
    std::string name;  // of the interface
    bool has_virtio_header = false;
};
// An error for what is no TUN queue, and for one that has more than IP in its packets.
[[nodiscard]] Result<TunShape> tun_shape(int queue);
// Where the device is now: others may have moved it. Needs CAP_NET_ADMIN there.
[[nodiscard]] Result<UniqueFd> tun_place(int queue);
// The same, for whoever goes there; opens a file of /proc.
[[nodiscard]] Result<Namespace> tun_namespace(int queue);

}  // namespace wgns
