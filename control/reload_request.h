// What a daemon is to become: a new setup, and the listeners that it does not have yet.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/daemon_setup.h"

namespace wgns {

struct ReloadRequest {
    DaemonSetup setup;
    std::map<std::string, UniqueFd> listeners;  // descriptor_name

    // From what came with control_word::reload, for a daemon that `now` describes. Fails where a
    // listener is missing that it would need.
    static Result<ReloadRequest> read(std::vector<UniqueFd> descriptors, const DaemonSetup& now);
};

}  // namespace wgns
