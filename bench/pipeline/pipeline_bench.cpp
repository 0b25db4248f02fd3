// The whole worker on ports of memory: what a packet costs without the kernel, and how much of that
// is the AEAD.
#include <benchmark/benchmark.h>
#include <x86intrin.h>

#include <optional>
#include <string>

#include "bench/pipeline/allocations.h"
#include "bench/pipeline/link.h"
#include "bench/pipeline/load.h"
#include "crypto/aead_choice.h"

namespace wgns::bench {
namespace {

enum class Half { seal, open, both };

struct Costs {
    std::chrono::nanoseconds spent{}, aead{};
    std::uint64_t cycles = 0, allocated = 0;
};

// One turn of the half that is measured.
template <class Turn, class AeadTime>
void add_turn(Costs& costs, Turn turn, AeadTime aead_time) {
    const auto aead_before = aead_time();
    const std::uint64_t allocated_before = allocations();
    const std::uint64_t cycles_before = __rdtsc();
    const auto start = SteadyClock::now();
    turn();
    costs.spent += SteadyClock::now() - start;
    costs.cycles += __rdtsc() - cycles_before;
    costs.allocated += allocations() - allocated_before;
    costs.aead += aead_time() - aead_before;
}

void report(benchmark::State& state, const Load& load, const Costs& costs) {
    const std::int64_t packets = state.iterations() * static_cast<std::int64_t>(load.packets());
    state.SetItemsProcessed(packets);
    const auto each = static_cast<double>(packets);
    const auto average = benchmark::Counter::kAvgThreads;
    const auto spent = static_cast<double>(costs.spent.count());
    state.counters["ns_per_packet"] = {spent / each, average};
    state.counters["cycles_per_packet"] = {static_cast<double>(costs.cycles) / each, average};
    state.counters["aead_share"] = {static_cast<double>(costs.aead.count()) / spent, average};
    if (costs.allocated != 0) state.SkipWithError("a turn called operator new");
}

// Of the benchmark that runs; its first thread makes it before the others come to their loops.
std::optional<Link> shared_link;

void run_lane(benchmark::State& state, const Load& load, Half half) {
    Costs sealing, opening;
    std::uint64_t written = 0;
    for (auto _ : state) {
        Lane& lane = shared_link->lane(static_cast<std::size_t>(state.thread_index()));
        const auto before = sealing.spent + opening.spent;
        written -= lane.written();
        add_turn(
            sealing, [&] { lane.send(); }, [&] { return lane.sealing(); });
        const auto between = sealing.spent + opening.spent;
        add_turn(
            opening, [&] { lane.receive(); }, [&] { return lane.opening(); });
        const auto after = sealing.spent + opening.spent;
        written += lane.written();
        const std::chrono::duration<double> one =
            half == Half::seal ? between - before : after - between;
        if (half != Half::both) state.SetIterationTime(one.count());
    }
    const std::uint64_t least = static_cast<std::uint64_t>(state.iterations()) * load.packets() *
                                (load.packet_size - ip_size - tcp_size);
    if (written < least) state.SkipWithError("packets were lost");
    Costs costs = half == Half::open ? opening : sealing;
    if (half == Half::both) {
        costs.spent += opening.spent;
        costs.aead += opening.aead;
        costs.cycles += opening.cycles;
        costs.allocated += opening.allocated;
    }
    report(state, load, costs);
}

void measure(benchmark::State& state, const Load& load, AeadKind aead, Half half) {
    if (state.thread_index() == 0) {
        shared_link.emplace(static_cast<std::size_t>(state.threads()), aead);
        shared_link->connect(frames_of(load));
    }
    run_lane(state, load, half);
}

void add(const std::string& name, const Load& load, AeadKind aead, Half half, int workers) {
    auto* const made = benchmark::RegisterBenchmark(
        ("Pipeline/" + name + '/' + load.name).c_str(),
        [=](benchmark::State& state) { measure(state, load, aead, half); });
    made->Threads(workers);
    if (half == Half::both)
        made->UseRealTime();
    else
        made->UseManualTime();
}

void add_all() {
    const struct {
        const char* name;
        AeadKind kind;
    } backends[] = {
        {"wide", AeadKind::wide}, {"ipsecmb", AeadKind::ipsecmb}, {"sodium", AeadKind::sodium}};
    for (const auto& backend : backends) {
        if (!make_aead(backend.kind)) continue;
        for (const Load& load : loads()) {
            add(std::string("seal/") + backend.name, load, backend.kind, Half::seal, 1);
            add(std::string("open/") + backend.name, load, backend.kind, Half::open, 1);
        }
    }
    for (const Load& load : loads())
        for (const int workers : {1, 2})
            add("workers", load, AeadKind::automatic, Half::both, workers);
}

const bool is_registered = (add_all(), true);

}  // namespace
}  // namespace wgns::bench
