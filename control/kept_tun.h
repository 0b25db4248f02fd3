// The TUN device that the service manager keeps while a service is started anew, so that programs
// inside keep their connections (FileDescriptorStoreMax= in systemd.service(5)). Its queues keep
// the namespace, which has no name meanwhile. The firewall stands and nobody reads the queues: what
// is sent waits or is lost, and nothing leaves.
//
// Whether it will be started anew, nobody tells a service that ends, so it takes away everything
// else, names too, as for good. When it is stopped for good, the manager lets go of the device, and
// with that it is gone.
#pragma once

#include <string>

#include "netns/tun_device.h"

namespace wgns {

// Asks the manager, if there is one, to keep the queues. It has let go of them when the device is
// gone.
void keep_tun(const TunQueues& queues);
// Asks it to let go.
void forget_tun();

// What it has kept, if that is what open_tun would make by this name; none otherwise, and the
// manager is asked to let go. Once in the life of a process.
[[nodiscard]] TunQueues take_kept_tun(const std::string& name, unsigned queues);

}  // namespace wgns
