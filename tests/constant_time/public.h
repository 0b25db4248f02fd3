// valgrind's memcheck, told that secrets are undefined (after Adam Langley's ctgrind): it then
// reports every jump and every address that depends on one.
#pragma once

#include <valgrind/memcheck.h>

#include "base/bytes.h"

namespace wgns {

inline void make_secret(Bytes bytes) {
    static_cast<void>(VALGRIND_MAKE_MEM_UNDEFINED(bytes.data(), bytes.size()));
}
// What everybody may know: a verdict that is acted upon, a datagram on the wire.
inline void make_public(Bytes bytes) {
    static_cast<void>(VALGRIND_MAKE_MEM_DEFINED(bytes.data(), bytes.size()));
}
template <class T>
[[nodiscard]] T published(T value) {
    make_public({reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
    return value;
}

}  // namespace wgns
