// How the two programs of `bench --path` and `bench --serve` talk: JSON over TCP, a line for each
// value (channel.h).
//
//   the first connection    {"bench": VERSION}
//                           -> {"session": TOKEN, "version": VERSION}
//   one for each task       {"session": TOKEN, "task": TASK}
//                           -> what its listener says (traffic.h)
//
// Or {"error": LINE}. When the first one ends, so does whatever belongs to it. Orders are taken at
// the port that the user names, and traffic, which the near end alone begins, at the one behind it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/ip_address.h"

namespace wgns::bench {

inline constexpr std::uint16_t default_service_port = 51830;

// "ADDRESS" or "ADDRESS:PORT", as Endpoint::parse has it. Nothing: it is neither, or not the
// address of one host, or there is no port behind.
[[nodiscard]] std::optional<Endpoint> parse_service(const std::string& text);
[[nodiscard]] Endpoint traffic_endpoint(const Endpoint& service) noexcept;

// What it has there, where that is text; else empty.
[[nodiscard]] std::string text_in(const nlohmann::json& value, const char* key);

}  // namespace wgns::bench
