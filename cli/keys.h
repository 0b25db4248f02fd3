// `genkey`, `genpsk` and `pubkey`, as wg(8) has them.
#pragma once

#include <istream>
#include <optional>
#include <string>

namespace wgns {

// Base64 and a line end.
[[nodiscard]] std::string new_private_key_line();
[[nodiscard]] std::string new_preshared_key_line();

// Reads a private key, which only white space may follow; nothing when the input is anything else.
[[nodiscard]] std::optional<std::string> public_key_line(std::istream& input);

}  // namespace wgns
