// A TUN device (linux/if_tun.h, Documentation/networking/tuntap.rst), born inside a namespace.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "netns/namespace.h"

namespace wgns {

// Makes the device in `ns` and returns its queue, which has a virtio-net header before each packet.
// The device lives as long as the descriptor and its copies. It is never on the host, not even for
// a moment: nobody there can take hold of it.
[[nodiscard]] Result<UniqueFd> open_tun(const Namespace& ns, const std::string& name);

}  // namespace wgns
