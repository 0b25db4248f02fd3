// Other instances of this host, as their state tells: two may share a namespace, of which the
// first owns the firewall and the files for names.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "control/expected_network.h"
#include "control/state_dir.h"
#include "netns/journal.h"

namespace wgns {

// What the journals of the others hold, running or not. Under StateDir::lock_all it stays true.
[[nodiscard]] std::vector<Made> made_by_neighbours(const StateDir& state);

// All that those made who have this namespace in their journals.
[[nodiscard]] std::vector<Made> made_with_namespace(const StateDir& state,
                                                    const MadeNamespace& shared);

// The interfaces of the others in the namespace of this name.
[[nodiscard]] std::vector<std::string> neighbours_interfaces(const StateDir& state,
                                                             const std::string& namespace_name);

// What was asked for by the instance that made the namespace which `joined` is in; nothing when it
// is gone.
[[nodiscard]] std::optional<ExpectedNetwork> owner_of_namespace(const StateDir& state,
                                                                const ExpectedNetwork& joined);

}  // namespace wgns
