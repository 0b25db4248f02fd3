// Sealing and opening as a worker asks for it: a batch of datagrams under one key, with counters
// that go on.
#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "crypto/aead_choice.h"
#include "crypto/random.h"

namespace wgns {
namespace {

constexpr std::size_t batch_size = 64;

AeadKey random_key() {
    std::array<std::uint8_t, AeadKey::size> bytes;
    SystemEntropy().fill(bytes);
    return AeadKey(bytes);
}

// Datagrams back to back, and a job for each.
class Batch {
public:
    Batch(const AeadKey& key, std::uint32_t text_size)
        : sealed_size_(text_size + aead_tag_size), bytes_(batch_size * sealed_size_) {
        SystemEntropy().fill(bytes_);
        for (std::size_t i = 0; i < batch_size; ++i) {
            std::uint8_t* const at = &bytes_[i * sealed_size_];
            jobs_[i] = {.key = &key, .input = at, .output = at, .text_size = text_size};
        }
    }
    Batch(Batch&&) = default;  // the bytes stay where they are

    void set_counters(std::uint64_t first) noexcept {
        for (AeadJob& job : jobs_)
            job.counter = first++;
    }
    void write_to(Batch& other) noexcept {
        for (std::size_t i = 0; i < batch_size; ++i)
            jobs_[i].output = &other.bytes_[i * sealed_size_];
    }
    [[nodiscard]] std::span<AeadJob> jobs() noexcept { return jobs_; }

private:
    std::size_t sealed_size_;
    std::vector<std::uint8_t> bytes_;
    std::array<AeadJob, batch_size> jobs_;
};

void set_processed(benchmark::State& state) {
    const std::int64_t packets = state.iterations() * std::int64_t{batch_size};
    state.SetItemsProcessed(packets);
    state.SetBytesProcessed(packets * state.range(0));
}

void seal(benchmark::State& state, AeadKind kind) {
    const auto aead = (*make_aead(kind)).aead;
    const AeadKey key = random_key();
    Batch batch(key, static_cast<std::uint32_t>(state.range(0)));
    std::uint64_t counter = 0;
    for (auto _ : state) {
        batch.set_counters(counter);
        counter += batch_size;
        aead->seal(batch.jobs());
        benchmark::ClobberMemory();
    }
    set_processed(state);
}

// A worker opens in place. Here what was sealed is needed again, so it goes elsewhere.
void open(benchmark::State& state, AeadKind kind) {
    constexpr std::size_t batch_count = 4;
    const auto aead = (*make_aead(kind)).aead;
    const AeadKey key = random_key();
    const auto text_size = static_cast<std::uint32_t>(state.range(0));
    Batch opened(key, text_size);
    std::vector<Batch> batches;
    for (std::size_t i = 0; i < batch_count; ++i) {
        Batch& batch = batches.emplace_back(key, text_size);
        batch.set_counters(i * batch_size);
        aead->seal(batch.jobs());
        batch.write_to(opened);
    }
    std::size_t next = 0;
    for (auto _ : state) {
        const std::span<AeadJob> jobs = batches[next++ % batch_count].jobs();
        aead->open(jobs);
        for (const AeadJob& job : jobs)
            WG_ASSERT(job.authentic);
        benchmark::ClobberMemory();
    }
    set_processed(state);
}

void add(const std::string& backend, AeadKind kind) {
    const std::vector<std::int64_t> sizes = {64, 200, 512, 1024, 1420};
    if (!make_aead(kind)) return;
    benchmark::RegisterBenchmark(("Aead/seal/" + backend).c_str(), seal, kind)
        ->ArgsProduct({sizes});
    benchmark::RegisterBenchmark(("Aead/open/" + backend).c_str(), open, kind)
        ->ArgsProduct({sizes});
}

[[maybe_unused]] const bool registered = [] {
    add("sodium", AeadKind::sodium);
    add("ipsecmb", AeadKind::ipsecmb);
    add("wide", AeadKind::wide);
    return true;
}();

}  // namespace
}  // namespace wgns
