// The steps of `up`, from a configuration to a running daemon.
#pragma once

#include <filesystem>

#include "control/config.h"
#include "control/instance.h"

namespace wgns {

// As `up` has it, for a configuration that was read from `file`. The caller is root.
[[nodiscard]] Outcome bring_up(Config config, const std::filesystem::path& file,
                               const UpRequest& request);

}  // namespace wgns
