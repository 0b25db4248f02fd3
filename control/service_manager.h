// What systemd wants to hear from a service of Type=notify (sd_notify(3)), and what it gives one.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace wgns {

// Sends `state`, such as "READY=1", to the socket named by NOTIFY_SOCKET, with copies of the
// descriptors. Without that variable, or when nobody listens there, nothing happens: the service
// works without being watched.
void notify_service_manager(std::string_view state, std::span<const int> descriptors = {});

// What it has passed to this process (sd_listen_fds_with_names(3)) under the names that they have.
// Once: the environment does not tell of them afterwards.
[[nodiscard]] std::multimap<std::string, UniqueFd> take_passed_descriptors();

// How often it wants to hear WATCHDOG=1 from this process, halved as sd_watchdog_enabled(3)
// advises; nothing where it does not.
[[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval();

}  // namespace wgns
