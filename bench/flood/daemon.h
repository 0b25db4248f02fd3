// The daemon that is flooded, seen from outside. Whatever fails ends the program.
#pragma once

#include <string>

#include "bench/flood/initiators.h"

namespace wgns::bench {

// By its UAPI socket: this key, this port, these peers and no others.
void configure(const std::string& socket_path, const PrivateKey& key, std::uint16_t port,
               std::initializer_list<const Initiators*> peers);

struct Usage {
    double cpu_seconds = 0;       // of all its threads
    std::uint64_t datagrams = 0;  // that were read, by it and whoever else shares its network
};
[[nodiscard]] Usage usage_of(int pid);

}  // namespace wgns::bench
