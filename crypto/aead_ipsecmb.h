// The backend on intel-ipsec-mb: AVX2, AVX-512 and IFMA, chosen by the library. Only there where
// the build found the library (WGNS_IPSECMB), which means x86-64.
#pragma once

#include <memory>

#include "base/result.h"
#include "crypto/aead.h"

namespace wgns {

// An error where the library is not built in, or the CPU is older than AVX2: there libsodium is as
// fast.
[[nodiscard]] Result<std::unique_ptr<Aead>> make_aead_ipsecmb();

}  // namespace wgns
