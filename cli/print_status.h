// What `status` prints for people, made from the JSON that the daemon answers (control/status.h).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace wgns {

// Several lines, the last one ended too. `now` is wall time, seconds since 1970. A member that is
// missing or of another kind is left out.
[[nodiscard]] std::string print_status(const nlohmann::json& status, std::int64_t now);

// "912 B", "1.46 KiB", "20.00 GiB".
[[nodiscard]] std::string print_size(std::uint64_t bytes);
// "now", "5 seconds ago", "1 minute, 3 seconds ago", "2 days, 4 hours ago".
[[nodiscard]] std::string print_age(std::int64_t seconds);

}  // namespace wgns
