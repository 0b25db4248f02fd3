#include "crypto/aead_choice.h"

#include <utility>

#include "crypto/aead_ipsecmb.h"
#include "crypto/aead_wide.h"

namespace wgns {

std::optional<AeadKind> parse_aead_kind(std::string_view text) noexcept {
    if (text == "auto") return AeadKind::automatic;
    if (text == "wide") return AeadKind::wide;
    if (text == "ipsecmb") return AeadKind::ipsecmb;
    if (text == "sodium") return AeadKind::sodium;
    return std::nullopt;
}

namespace {

Result<AeadChoice> chosen(Result<std::unique_ptr<Aead>> made) {
    if (!made) return made.error();
    return AeadChoice{*std::move(made), {}};
}

}  // namespace

Result<AeadChoice> make_aead(AeadKind kind) {
    if (kind == AeadKind::wide) return chosen(make_aead_wide());
    if (kind == AeadKind::ipsecmb) return chosen(make_aead_ipsecmb());
    if (kind == AeadKind::sodium) return AeadChoice{make_aead_sodium(), {}};

    auto wide = make_aead_wide();
    if (wide) return chosen(std::move(wide));
    std::string reason = describe(wide.error());
    auto ipsecmb = make_aead_ipsecmb();
    if (ipsecmb) return AeadChoice{*std::move(ipsecmb), std::move(reason)};
    return AeadChoice{make_aead_sodium(), std::move(reason)};
}

}  // namespace wgns
