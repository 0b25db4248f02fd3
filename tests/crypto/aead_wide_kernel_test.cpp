#include "crypto/aead_wide_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "crypto/aead.h"

namespace wgns {
namespace {

#if defined(__x86_64__)

struct FreeMemory {
    void operator()(std::uint8_t* memory) const noexcept { std::free(memory); }
};

void check_room(const WideKernel& kernel, std::size_t count, std::uint32_t text_size) {
    constexpr std::size_t behind = 64;
    const std::unique_ptr<std::uint8_t, FreeMemory> room(
        static_cast<std::uint8_t*>(std::aligned_alloc(64, kernel.room_size + behind)));
    std::uint8_t* const end = room.get() + kernel.room_size;
    std::fill_n(end, behind, 0xa5);
    std::vector<std::uint8_t> texts(count * (text_size + aead_tag_size));
    std::vector<AeadJob> jobs(count);
    for (std::size_t i = 0; i < count; ++i) {
        jobs[i].input = jobs[i].output = &texts[i * (text_size + aead_tag_size)];
        jobs[i].text_size = text_size;
    }
    const std::uint32_t key[8] = {1, 2, 3};
    kernel.seal(key, jobs.data(), count, room.get());
    kernel.open(key, jobs.data(), count, room.get());
    EXPECT_TRUE(std::all_of(jobs.begin(), jobs.end(), [](auto& job) { return job.authentic; }));
    EXPECT_TRUE(std::all_of(end, end + behind, [](std::uint8_t byte) { return byte == 0xa5; }))
        << count << " texts of " << text_size;
}

TEST(WideKernel, KeepsToTheRoomThatItAskedFor) {
    const struct {
        const WideKernel& kernel;
        bool is_here;
    } kernels[] = {{wide_kernel_avx2, __builtin_cpu_supports("avx2") != 0},
                   {wide_kernel_avx512, __builtin_cpu_supports("avx512bw") != 0}};
    for (const auto& one : kernels) {
        if (!one.is_here) continue;
        check_room(one.kernel, 1, 65'536);
        check_room(one.kernel, 3, 65'535);
        check_room(one.kernel, 40, 9'000);
        check_room(one.kernel, 200, 0);
    }
}

#endif

}  // namespace
}  // namespace wgns
