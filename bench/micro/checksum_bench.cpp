#include "dataplane/checksum.h"

#include <benchmark/benchmark.h>

#include <vector>

#include "crypto/random.h"

namespace wgns {
namespace {

// Packets lie back to back, so at every alignment, and in all fill what a superpacket does.
constexpr std::size_t area_size = 65'536;

std::vector<std::uint8_t> random_area() {
    std::vector<std::uint8_t> area(area_size);
    SystemEntropy().fill(area);
    return area;
}

template <class Summing>
void measure(benchmark::State& state, Summing summing) {
    const auto size = static_cast<std::size_t>(state.range(0));
    std::size_t at = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(fold(summing(at, size)));
        at += size;
        if (at + size > area_size) at = 0;
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

void sum(benchmark::State& state) {
    const auto area = random_area();
    measure(state, [&](std::size_t at, std::size_t size) {
        return sum_of(Bytes(area).subspan(at, size));
    });
}
BENCHMARK(sum)->Name("Checksum/sum")->Arg(64)->Arg(200)->Arg(512)->Arg(1024)->Arg(1420);

void copy(benchmark::State& state) {
    const auto from = random_area();
    auto to = random_area();
    measure(state, [&](std::size_t at, std::size_t size) {
        return copy_and_sum(MutableBytes(to).subspan(at, size), Bytes(from).subspan(at, size));
    });
}
BENCHMARK(copy)->Name("Checksum/copy_and_sum")->Arg(64)->Arg(200)->Arg(512)->Arg(1024)->Arg(1420);

}  // namespace
}  // namespace wgns
