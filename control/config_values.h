// Texts of a configuration file to values, without knowledge of its keys. Nothing means: not such a
// text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "control/config.h"

namespace wgns {

// Without blanks at either end.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
// ASCII letters count as the same in either case.
[[nodiscard]] bool equal_without_case(std::string_view a, std::string_view b) noexcept;
// Insertions, deletions and replacements that turn `a` into `b` (Levenshtein), without case.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// Digits alone: no sign, no blank.
[[nodiscard]] std::optional<std::uint32_t> parse_number(std::string_view text, int base = 10);
// "51820" or "0xca6c".
[[nodiscard]] std::optional<std::uint32_t> parse_number_or_hex(std::string_view text);
// 1 to 65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text);

// Whether it can be looked up as a name: letters, digits, '-', '_' and '.', and no number, because
// a resolver takes "10.1" for 10.0.0.1.
[[nodiscard]] bool is_host_name(std::string_view text);
// An address, IPv6 in brackets, or a name that is_host_name.
[[nodiscard]] std::optional<HostPort> parse_host_port(std::string_view text);
// "tcp/8080", "udp/5000-5010".
[[nodiscard]] std::optional<PortRange> parse_port_range(std::string_view text);
// 127.0.0.0/8 and ::1.
[[nodiscard]] bool is_loopback(const IpAddress& address) noexcept;
// "127.0.0.1:8080 -> 8080".
[[nodiscard]] std::optional<PublishedPort> parse_published_port(std::string_view text);

}  // namespace wgns
