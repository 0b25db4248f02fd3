// Secrets looked for in the memory of another process.
#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace wgns {

// By name, so that a failure says which.
using NamedSecrets = std::map<std::string, std::vector<std::uint8_t>>;

// Which of them the process has a piece of, 16 bytes, as one vector register holds them, and in
// which mappings: "secret pages", or the names that /proc/PID/maps has ("" for a nameless one).
// What HMAC makes of a key before it hashes it (xor 0x36, xor 0x5c) counts as the key.
[[nodiscard]] std::map<std::string, std::set<std::string>> find_secrets(
    pid_t process, const NamedSecrets& secrets);

}  // namespace wgns
