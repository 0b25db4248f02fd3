// Assertions about our own code. They stay on in every build: a wrong assumption ends the process
// before it can leak a key or a packet. Never for what comes from outside; that is a Result or a
// Drop.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace wgns {

[[noreturn]] inline void assertion_failed(const char* condition, const char* file,
                                          int line) noexcept {
    std::fprintf(stderr, "wgns-user: bug: %s does not hold at %s:%d\n", condition, file, line);
    std::abort();
}

}  // namespace wgns

#define WG_ASSERT(condition)            \
    (__builtin_expect(!!(condition), 1) \
         ? static_cast<void>(0)         \
         : ::wgns::assertion_failed(#condition, __FILE__, __LINE__))
