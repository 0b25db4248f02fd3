// Vectors as both compilers know them: operators work lane by lane, with whatever instructions the
// file is compiled for.
#pragma once

#include <cstddef>

namespace wgns {

// `size` bytes, a power of two, of Lane.
template <class Lane, std::size_t size>
struct VectorOf {
    using type [[gnu::vector_size(size)]] = Lane;
};
template <class Lane, std::size_t size>
using Vector = typename VectorOf<Lane, size>::type;

}  // namespace wgns
