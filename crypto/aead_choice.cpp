#include "crypto/aead_choice.h"

#include <utility>

#include "crypto/aead_ipsecmb.h"

namespace wgns {

std::optional<AeadKind> parse_aead_kind(std::string_view text) noexcept {
    if (text == "auto") return AeadKind::automatic;
    if (text == "ipsecmb") return AeadKind::ipsecmb;
    if (text == "sodium") return AeadKind::sodium;
    return std::nullopt;
}

Result<AeadChoice> make_aead(AeadKind kind) {
    if (kind == AeadKind::sodium) return AeadChoice{make_aead_sodium(), {}};
    auto fast = make_aead_ipsecmb();
    if (fast) return AeadChoice{*std::move(fast), {}};
    if (kind == AeadKind::ipsecmb) return fast.error();
    return AeadChoice{make_aead_sodium(), describe(fast.error())};
}

}  // namespace wgns
