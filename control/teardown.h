// Taking an instance away, whoever does it: `down`, an `up` that failed, or its supervisor.
#pragma once

#include "base/result.h"
#include "control/state_dir.h"

namespace wgns {

// Runs PreDown, as the state has it, once: while the tunnel still carries. What fails is logged.
void announce_end(const StateDir& state);

// Asks the supervisor to end, then makes it. Done also when there is none. Never from the
// supervisor itself.
Status end_supervisor(const StateDir& state);

// Takes away what the journal tells of, with PostDown around it. The state itself stays.
Status undo_instance(const StateDir& state);

// The same, and then the state. No supervisor
// runs any more, or the caller is it. May be done twice.
Status clear_instance(const StateDir& state);

}  // namespace wgns
