// Bringing a changed configuration into an instance that is up.
#pragma once

#include <filesystem>

#include "control/config.h"
#include "control/instance.h"
#include "control/state_dir.h"

namespace wgns {

// Whether a configuration that is the one from before ends it: somebody else may have changed the
// instance.
enum class SameConfiguration { ends_it, is_brought_in };

// Changes what differs and nothing else: the firewall in one transaction, then the settings, files,
// addresses and routes, then the device, in which sessions of peers that stay live on. The caller
// is root and has the instance's lock, and the instance has a supervisor. After a failure what was
// changed until then stays; the same again goes on from there.
[[nodiscard]] Outcome bring_in(const Config& config, const std::filesystem::path& file,
                               const StateDir& state, SameConfiguration same);

}  // namespace wgns
