// Where the commands of an instance run, as its state tells: it needs no configuration.
#pragma once

#include "base/result.h"
#include "control/run_inside.h"
#include "control/state_dir.h"

namespace wgns {

// ENOENT: it has no namespace.
[[nodiscard]] Result<Place> place_in(const StateDir& state);

}  // namespace wgns
