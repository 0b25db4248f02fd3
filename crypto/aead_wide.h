// The backend of our own: ChaCha20 and Poly1305 across the messages of a batch, in AVX-512 or AVX2.
// It is made for what a tunnel seals, many short messages under one key, where a library that works
// message by message pays its set-up for each.
#pragma once

#include <memory>

#include "base/result.h"
#include "crypto/aead.h"

namespace wgns {

enum class WideInstructions { best, avx2, avx512 };

// An error where the CPU has no such instructions, or is no x86-64.
[[nodiscard]] Result<std::unique_ptr<Aead>> make_aead_wide(
    WideInstructions instructions = WideInstructions::best);

}  // namespace wgns
