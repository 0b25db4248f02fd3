#include "protocol/replay_window.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "base/assert.h"

namespace wgns {
namespace {

void accept_in_order(benchmark::State& state) {
    ReplayWindow window;
    std::uint64_t counter = 0;
    for (auto _ : state)
        WG_ASSERT(window.accept(counter++));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(accept_in_order)->Name("ReplayWindow/accept/in_order");

// As paths of different lengths have it: a packet is at most so many places from its own.
void accept_reordered(benchmark::State& state) {
    constexpr std::size_t displacement_max = 64, cycle = 16'384;
    std::vector<std::uint64_t> order(cycle);
    std::iota(order.begin(), order.end(), 0);
    std::mt19937_64 random(1);
    for (auto at = order.begin(); at != order.end(); at += displacement_max)
        std::shuffle(at, at + displacement_max, random);
    ReplayWindow window;
    std::uint64_t counter = 0;
    for (auto _ : state) {
        const std::uint64_t start = counter / cycle * cycle;
        WG_ASSERT(window.accept(start + order[counter % cycle]));
        ++counter;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(accept_reordered)->Name("ReplayWindow/accept/reordered");

}  // namespace
}  // namespace wgns
