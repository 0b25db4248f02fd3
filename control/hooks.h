// The user's own commands around the life of an instance: PreUp, PostUp, PreDown, PostDown
// (wg-quick(8)), inside or on the host's side.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "control/config.h"
#include "control/run_inside.h"

namespace wgns {

// "PreUp", "PostDownHost": the key that gives such a command.
[[nodiscard]] const char* hook_name(const Hook& hook) noexcept;

// With the interface's name for each `%i`.
[[nodiscard]] std::vector<Hook> with_interface(std::vector<Hook> hooks,
                                               const std::string& interface);

// Runs those of `moment`, inside or on the host, in their order, each to its end by bash, or by sh
// where there is none. What they print goes where the caller prints. Stops at the first that does
// not end with status 0. The caller has one thread.
[[nodiscard]] Status run_hooks(const std::vector<Hook>& hooks, Hook::Moment moment,
                               const Place& place);

// The same, but all of them, and those inside or those on the host alone; returns the failures.
[[nodiscard]] std::vector<Error> run_all_hooks(const std::vector<Hook>& hooks, Hook::Moment moment,
                                               bool on_host, const Place& place);

// For the state of an instance: one line of JSON, and back; none for a text of another shape.
[[nodiscard]] std::string to_text(const std::vector<Hook>& hooks);
[[nodiscard]] std::vector<Hook> parse_hooks(const std::string& text);

}  // namespace wgns
