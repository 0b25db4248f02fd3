// Which AEAD backend a worker gets.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/aead.h"

namespace wgns {

enum class AeadKind { automatic, ipsecmb, sodium };

// "auto", "ipsecmb" or "sodium", as --aead takes them.
[[nodiscard]] std::optional<AeadKind> parse_aead_kind(std::string_view text) noexcept;

struct AeadChoice {
    std::unique_ptr<Aead> aead;
    std::string reason;  // why not the first choice; empty where it was taken
};

// `automatic` takes intel-ipsec-mb where it is built in and the CPU can use it, and libsodium
// elsewhere. What is asked for by name and is not to be had is an error.
[[nodiscard]] Result<AeadChoice> make_aead(AeadKind kind);

}  // namespace wgns
