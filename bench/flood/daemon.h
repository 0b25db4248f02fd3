// The daemon that is flooded, seen from outside. Whatever fails ends the program.
#pragma once

#include <span>
#include <string>

#include "cli/bench/initiators.h"

namespace wgns::bench {

// By its UAPI socket: this key, this port, these peers and no others.
void configure(const std::string& socket_path, const PrivateKey& key, std::uint16_t port,
               std::span<const Initiators* const> peers);

// The private key that a daemon has already.
[[nodiscard]] PrivateKey key_of(const std::string& socket_path);
// These peers beside those that it has.
void add_peers(const std::string& socket_path, std::span<const Initiators* const> peers);

struct Usage {
    double cpu_seconds = 0;         // of all its threads
    std::uint64_t datagrams = 0;    // that were read, by it and whoever else shares its network
    std::uint64_t private_kib = 0;  // resident memory of its own
};
[[nodiscard]] Usage usage_of(int pid);

}  // namespace wgns::bench
