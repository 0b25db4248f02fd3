// What aead_wide asks of the files that are compiled for particular instructions, and how they do
// it. They are told keys as words and jobs as addresses, so that nothing of ours that others use is
// compiled in them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wgns {

struct AeadJob;

// Bytes; no larger text fits a datagram.
inline constexpr std::size_t wide_text_size_max = 65'536;

struct WideKernel {
    const char* name;         // of the instructions
    std::size_t stream_size;  // bytes of room that `seal` and `open` need
    // Jobs under one key of eight words. `stream` is aligned to 64 bytes and holds key stream
    // afterwards.
    void (*seal)(const std::uint32_t* key, AeadJob* jobs, std::size_t count, std::uint8_t* stream);
    void (*open)(const std::uint32_t* key, AeadJob* jobs, std::size_t count, std::uint8_t* stream);
};

// Whether the CPU has the instructions is the caller's to ask.
extern const WideKernel wide_kernel_avx2;
extern const WideKernel wide_kernel_avx512;

}  // namespace wgns
