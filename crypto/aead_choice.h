// Which AEAD backend a worker gets.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/aead.h"

namespace wgns {

enum class AeadKind { automatic, wide, ipsecmb, sodium };

// "auto", "wide", "ipsecmb" or "sodium", as --aead takes them.
[[nodiscard]] std::optional<AeadKind> parse_aead_kind(std::string_view text) noexcept;

struct AeadChoice {
    std::unique_ptr<Aead> aead;
    std::string reason;  // why not the first choice; empty where it was taken
};

// `automatic` takes the first that is to be had: our own, where the CPU has its instructions;
// intel-ipsec-mb, where it is built in; libsodium. What is asked for by name and is not to be had
// is an error.
[[nodiscard]] Result<AeadChoice> make_aead(AeadKind kind);

}  // namespace wgns
