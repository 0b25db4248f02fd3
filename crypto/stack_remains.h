// What functions leave behind on the stack when they return. Ours wipe their secrets, but libraries
// (libb2's finished hashes) and the compiler (registers that it puts aside) keep copies there.
#pragma once

#include <cstddef>

namespace wgns {

// As deep as all that works with secrets goes, libsodium's Curve25519 included.
inline constexpr std::size_t stack_remains_max = std::size_t{16} * 1024;

// Zeros what functions that the caller called have left, as deep as stack_remains_max. What the
// caller itself keeps there stays: whatever works with secrets must not be inlined into it
// (WGNS_OWN_FRAME).
void wipe_stack_below() noexcept;

}  // namespace wgns

#define WGNS_OWN_FRAME [[gnu::noinline]]
