// An input of a fuzzer, taken apart from the front. Zeros where nothing is left.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace wgns::fuzz {

class Reader {
public:
    explicit Reader(Bytes bytes) : left_(bytes) {}

    [[nodiscard]] bool done() const { return left_.empty(); }
    [[nodiscard]] Bytes rest() const { return left_; }
    // At most so many; of just their size, so that AddressSanitizer sees the byte after.
    std::vector<std::uint8_t> take(std::size_t size) {
        size = std::min(size, left_.size());
        std::vector<std::uint8_t> taken(left_.begin(),
                                        left_.begin() + static_cast<std::ptrdiff_t>(size));
        left_ = left_.subspan(size);
        return taken;
    }
    std::uint8_t byte() { return static_cast<std::uint8_t>(big_endian(1)); }
    std::uint16_t word() { return static_cast<std::uint16_t>(big_endian(2)); }
    std::uint64_t number() { return big_endian(8); }

private:
    std::uint64_t big_endian(std::size_t size) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const std::vector<std::uint8_t> next = take(1);
            value = value << 8 | (next.empty() ? 0u : next[0]);
        }
        return value;
    }

    Bytes left_;
};

}  // namespace wgns::fuzz
