// What aead_wide asks of the files that are compiled for particular instructions, and how they do
// it. They are told keys as words and jobs as addresses, so that nothing of ours that others use is
// compiled in them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wgns {

struct AeadJob;

struct WideKernel {
    const char* name;       // of the instructions
    std::size_t room_size;  // bytes that `seal` and `open` need
    // Jobs under one key of eight words. `room` is aligned to 64 bytes and holds key stream
    // afterwards.
    void (*seal)(const std::uint32_t* key, AeadJob* jobs, std::size_t count, std::uint8_t* room);
    void (*open)(const std::uint32_t* key, AeadJob* jobs, std::size_t count, std::uint8_t* room);
};

// Whether the CPU has the instructions is the caller's to ask.
extern const WideKernel wide_kernel_avx2;
extern const WideKernel wide_kernel_avx512;

}  // namespace wgns
