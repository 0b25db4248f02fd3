// libsodium's start, for the units that call it: it chooses the implementations that suit the CPU.
#pragma once

#include <sodium.h>

#include "base/assert.h"

namespace wgns {

// To be called before any function of libsodium that computes. Cheap when it was called before;
// safe for every thread, which the choice itself is not once another thread computes.
inline void start_sodium() noexcept {
    static const int started = sodium_init();
    WG_ASSERT(started >= 0);
}

}  // namespace wgns
