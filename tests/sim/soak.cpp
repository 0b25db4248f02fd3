// sim_soak [--seeds N] [--hours H] [--first SEED] [--jobs N]: many seeds for a long virtual time.
// Prints each seed that fails and how to see it again, and a line at the end. Exit status 1: some
// failed.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "simulation.h"

namespace {

using wgns::Duration;
using wgns::sim::Failure;
using wgns::sim::Simulation;

struct Options {
    std::uint64_t seeds = 1000;
    std::uint64_t hours = 24;
    std::uint64_t first = 1;
    std::uint64_t jobs = 1;
};

std::optional<Options> parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        char* end = nullptr;
        const std::uint64_t value = std::strtoull(argv[i + 1], &end, 10);
        std::uint64_t* const option = name == "--seeds"   ? &options.seeds
                                      : name == "--hours" ? &options.hours
                                      : name == "--first" ? &options.first
                                      : name == "--jobs"  ? &options.jobs
                                                          : nullptr;
        if (!option || *end != '\0' || end == argv[i + 1]) return std::nullopt;
        *option = value;
    }
    if (argc % 2 == 0 || options.jobs == 0) return std::nullopt;
    return options;
}

class Soak {
public:
    explicit Soak(const Options& options) : options_(options) {}

    int run() {
        std::vector<std::thread> threads;
        for (std::uint64_t i = 0; i < options_.jobs; ++i)
            threads.emplace_back([this] { work(); });
        for (std::thread& thread : threads)
            thread.join();
        const double cpu_seconds = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
        const double hours = static_cast<double>(options_.seeds * options_.hours);
        std::printf(
            "%llu seeds, %llu failed; %.0f virtual hours, %.1f of them a CPU second; "
            "%llu datagrams, %llu packets arrived\n",
            number(options_.seeds), number(failed_), hours, hours / cpu_seconds, number(datagrams_),
            number(arrived_));
        return failed_ == 0 ? 0 : 1;
    }

private:
    static unsigned long long number(std::uint64_t value) { return value; }

    void work() {
        for (;;) {
            const std::uint64_t index = next_++;
            if (index >= options_.seeds) return;
            Simulation simulation(options_.first + index);
            const auto failure =
                simulation.run(std::chrono::hours(static_cast<std::int64_t>(options_.hours)));
            const std::lock_guard lock(mutex_);
            datagrams_ += simulation.tally().datagrams;
            arrived_ += simulation.tally().arrived;
            if (failure) tell(options_.first + index, *failure);
        }
    }
    void tell(std::uint64_t seed, const Failure& failure) {
        ++failed_;
        std::printf("%s\n  again: sim_soak --first %llu --seeds 1 --hours %llu\n",
                    wgns::sim::describe(seed, failure).c_str(), number(seed),
                    number(options_.hours));
        std::fflush(stdout);
    }

    Options options_;
    std::atomic<std::uint64_t> next_ = 0;
    std::mutex mutex_;
    std::uint64_t failed_ = 0;
    std::uint64_t datagrams_ = 0;
    std::uint64_t arrived_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const auto options = parse(argc, argv);
    if (!options) {
        std::fputs("usage: sim_soak [--seeds N] [--hours H] [--first SEED] [--jobs N]\n", stderr);
        return 2;
    }
    return Soak(*options).run();
}
