// The end of a program that cannot measure.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace wgns::bench {

// `what` is what failed; errno says why.
[[noreturn]] inline void fail(const char* what) {
    std::fprintf(stderr, "flood: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

}  // namespace wgns::bench
