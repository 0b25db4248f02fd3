#include "crypto/secret.h"

#include <sodium.h>

namespace wgns {

void wipe(MutableBytes bytes) noexcept {
    sodium_memzero(bytes.data(), bytes.size());
}

bool equal_constant_time(Bytes a, Bytes b) noexcept {
    WG_ASSERT(a.size() == b.size());
    return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace wgns
