// Why a command ends without having done its work: the exit status of the contract and the one line
// for people.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace wgns {

namespace exit_status {
inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;  // bad usage or configuration
inline constexpr int no_such_instance = 3;
inline constexpr int exec_failed = 125;     // exec: our own failure
inline constexpr int not_executable = 126;  // exec: found, but cannot be run
inline constexpr int not_found = 127;       // exec: no such command
}  // namespace exit_status

struct Failure {
    int status = exit_status::failed;
    std::string line;
};

// The failure of one step: "STEP: operation subject: reason; hint".
[[nodiscard]] inline Failure step_failed(const std::string& step, const Error& error) {
    return {exit_status::failed, step + ": " + describe(error)};
}

}  // namespace wgns
