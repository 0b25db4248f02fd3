// The network side of an instance: its namespace and the tunnel's interface in it. Everything made
// is written to the journal first, so that it can be taken away without the configuration.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/config.h"

namespace wgns {

// Makes the namespace and in it `lo`, the TUN, addresses, the MTU and routes, and returns the TUN.
// On an error the journal tells what was made until then.
Result<UniqueFd> make_network(const Config& config, std::uint32_t mtu,
                              const std::filesystem::path& journal);

// Takes away what the journal tells of, newest first. Done also when it is gone already, or when
// there is no journal.
Status undo_network(const std::filesystem::path& journal);

// The file of a namespace, as `ip netns` has it.
[[nodiscard]] std::string namespace_path(const std::string& name);

}  // namespace wgns
