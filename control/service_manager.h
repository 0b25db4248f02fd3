// What systemd wants to hear from a service of Type=notify (sd_notify(3)).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace wgns {

// Sends `state`, such as "READY=1", to the socket named by NOTIFY_SOCKET. Without that variable, or
// when nobody listens there, nothing happens: the service works without being watched.
void notify_service_manager(std::string_view state);

// How often it wants to hear WATCHDOG=1 from this process, halved as sd_watchdog_enabled(3)
// advises; nothing where it does not.
[[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval();

}  // namespace wgns
