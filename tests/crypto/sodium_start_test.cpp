#include "crypto/sodium_start.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace wgns {
namespace {

TEST(SodiumStart, AnyNumberOfTimesFromAnyThread) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([] { start_sodium(); });
    for (std::thread& thread : threads)
        thread.join();
    start_sodium();
    // libsodium's own word that it was started before.
    EXPECT_EQ(sodium_init(), 1);
}

}  // namespace
}  // namespace wgns
