#include "crypto/stack_remains.h"

#include <sodium.h>

namespace wgns {

void wipe_stack_below() noexcept {
    // In a frame of libsodium's, which begins where that of the last function began.
    sodium_stackzero(stack_remains_max);
}

}  // namespace wgns
