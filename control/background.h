// Leaving the terminal, as a daemon does that is started by hand or by wg-quick(8).
#pragma once

#include <functional>
#include <span>

#include "control/failure.h"

namespace wgns {

using Ready = std::function<void(bool keep_output)>;

// Runs `work` in a child process that has left the terminal, and returns in the caller as soon as
// `work` has called `ready`, or with the failure that `work` returned before. The child's standard
// input and output stay open until `ready`, which closes them unless it is told to keep the output.
// Call it from a program of one thread.
[[nodiscard]] Result<Done, Failure> run_in_background(
    const std::function<Result<Done, Failure>(const Ready& ready)>& work);

// The system calls of `ready` (control/isolation.h).
[[nodiscard]] std::span<const char* const> calls_of_background() noexcept;

}  // namespace wgns
