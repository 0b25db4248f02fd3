// Test vectors: hexadecimal text, and the large files that lie outside the source tree.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace wgns {

// Throws, which fails the test, on anything but pairs of hexadecimal digits.
inline std::vector<std::uint8_t> from_hex(std::string_view hex) {
    const auto digit = [](char c) {
        const std::size_t value = std::string_view("0123456789abcdef").find(c);
        if (value == std::string_view::npos) throw std::invalid_argument("no hexadecimal digit");
        return value;
    };
    if (hex.size() % 2 != 0) throw std::invalid_argument("odd number of hexadecimal digits");
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(digit(hex[i]) * 16 + digit(hex[i + 1])));
    return bytes;
}

// The same where the size is known: 2 * size digits.
template <std::size_t size>
std::array<std::uint8_t, size> array_from_hex(std::string_view hex) {
    const std::vector<std::uint8_t> bytes = from_hex(hex);
    if (bytes.size() != size) throw std::invalid_argument("wrong number of hexadecimal digits");
    std::array<std::uint8_t, size> out;
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

inline std::string to_hex(Bytes bytes) {
    std::string hex;
    for (const std::uint8_t byte : bytes) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
}

// `size` bytes that count up from `first` and wrap around.
inline std::vector<std::uint8_t> counting(std::size_t size, std::uint8_t first = 0) {
    std::vector<std::uint8_t> bytes(size);
    std::iota(bytes.begin(), bytes.end(), first);
    return bytes;
}

// A fixture whose tests read one file of vectors. The folder is named by WGNS_VECTORS, or lies
// beside the source tree. Without the file the tests skip, or fail if WGNS_VECTORS_REQUIRED is 1.
class VectorFile : public ::testing::Test {
protected:
    explicit VectorFile(std::string name) : name_(std::move(name)) {}

    void SetUp() override {
        const char* const folder = std::getenv("WGNS_VECTORS");
        const std::string path =
            std::string(folder ? folder : WGNS_SOURCE_DIR "/../shared/vectors") + "/" + name_;
        std::ifstream file(path, std::ios::binary);
        if (file) {
            text_.assign(std::istreambuf_iterator<char>(file), {});
            ASSERT_FALSE(text_.empty()) << path << " is empty.";
            return;
        }
        const char* const required = std::getenv("WGNS_VECTORS_REQUIRED");
        if (required && std::string_view(required) == "1")
            FAIL() << "There is no " << path << ", and WGNS_VECTORS_REQUIRED is 1.";
        GTEST_SKIP() << "There is no " << path << "; WGNS_VECTORS names the folder of vectors.";
    }

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string name_;
    std::string text_;
};

}  // namespace wgns
