// Views of bytes, and loads and stores of integers at unaligned places in either byte order.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/assert.h"

namespace wgns {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

template <class T>
concept Loadable = std::is_trivially_copyable_v<T> &&
    (sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);

namespace detail {
template <std::size_t size>
struct UintOf;
template <>
struct UintOf<1> {
    using type = std::uint8_t;
};
template <>
struct UintOf<2> {
    using type = std::uint16_t;
};
template <>
struct UintOf<4> {
    using type = std::uint32_t;
};
template <>
struct UintOf<8> {
    using type = std::uint64_t;
};

constexpr std::uint8_t swapped(std::uint8_t v) noexcept {
    return v;
}
constexpr std::uint16_t swapped(std::uint16_t v) noexcept {
    return __builtin_bswap16(v);
}
constexpr std::uint32_t swapped(std::uint32_t v) noexcept {
    return __builtin_bswap32(v);
}
constexpr std::uint64_t swapped(std::uint64_t v) noexcept {
    return __builtin_bswap64(v);
}

template <Loadable T, std::endian order>
T load(const std::uint8_t* at) noexcept {
    typename UintOf<sizeof(T)>::type raw;
    std::memcpy(&raw, at, sizeof raw);
    if constexpr (order != std::endian::native) raw = swapped(raw);
    return std::bit_cast<T>(raw);
}
template <Loadable T, std::endian order>
void store(std::uint8_t* at, T value) noexcept {
    auto raw = std::bit_cast<typename UintOf<sizeof(T)>::type>(value);
    if constexpr (order != std::endian::native) raw = swapped(raw);
    std::memcpy(at, &raw, sizeof raw);
}
}  // namespace detail

// T is an integer or an enum of 1, 2, 4 or 8 bytes; `bytes` holds at least sizeof(T).
template <Loadable T>
[[nodiscard]] T load_le(Bytes bytes) noexcept {
    WG_ASSERT(bytes.size() >= sizeof(T));
    return detail::load<T, std::endian::little>(bytes.data());
}
template <Loadable T>
[[nodiscard]] T load_be(Bytes bytes) noexcept {
    WG_ASSERT(bytes.size() >= sizeof(T));
    return detail::load<T, std::endian::big>(bytes.data());
}
template <Loadable T>
void store_le(MutableBytes bytes, T value) noexcept {
    WG_ASSERT(bytes.size() >= sizeof(T));
    detail::store<T, std::endian::little>(bytes.data(), value);
}
template <Loadable T>
void store_be(MutableBytes bytes, T value) noexcept {
    WG_ASSERT(bytes.size() >= sizeof(T));
    detail::store<T, std::endian::big>(bytes.data(), value);
}

// Copies all of `from` to the start of `to`, which must have room.
inline void copy_bytes(MutableBytes to, Bytes from) noexcept {
    WG_ASSERT(to.size() >= from.size());
    if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

[[nodiscard]] inline Bytes bytes_of(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace wgns
