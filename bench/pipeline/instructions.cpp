// What a packet costs in instructions, which a busy machine does not change: run by callgrind,
// which counts, and writes a file for each name below (instructions.py reads them).
#include <valgrind/callgrind.h>

#include <cstdio>
#include <string>

#include "bench/pipeline/link.h"
#include "bench/pipeline/load.h"
#include "crypto/aead_choice.h"

namespace wgns::bench {
namespace {

// Each a batch of a turn: what is paid once a turn is in it.
constexpr int turns = 4;

void begin() {
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
}

void end(const std::string& what, std::uint64_t packets) {
    CALLGRIND_STOP_INSTRUMENTATION;
    const std::string name = what + ' ' + std::to_string(packets);
    CALLGRIND_DUMP_STATS_AT(name.c_str());
}

void count_worker(const Load& load, AeadKind aead) {
    Link link(1, aead);
    link.connect(frames_of(load));
    Lane& lane = link.lane(0);
    for (int i = 0; i < turns; ++i) {
        begin();
        lane.send();
        if (i + 1 == turns) end("worker/seal/" + load.name, load.packets());
        begin();
        lane.receive();
        if (i + 1 == turns) end("worker/open/" + load.name, load.packets());
    }
}

// The part of it that is the AEAD's.
void count_aead(const Load& load, AeadKind kind) {
    constexpr std::size_t padding = 16;  // whitepaper 5.4.6
    const auto aead = make_aead(kind);
    WG_ASSERT(aead.has_value());
    const AeadKey key;
    const std::size_t size = (load.packet_size + padding - 1) / padding * padding;
    const std::size_t room = size + aead_tag_size;
    ByteVector plain(load.packets() * room), sealed(plain.size());
    std::vector<AeadJob> jobs(load.packets());
    for (std::size_t i = 0; i < jobs.size(); ++i)
        jobs[i] = {.key = &key,
                   .counter = i,
                   .input = &plain[i * room],
                   .output = &sealed[i * room],
                   .text_size = static_cast<std::uint32_t>(size)};
    begin();
    aead->aead->seal(jobs);
    end("aead/seal/" + load.name, load.packets());
    for (AeadJob& job : jobs)
        job.input = std::exchange(job.output, const_cast<std::uint8_t*>(job.input));
    begin();
    aead->aead->open(jobs);
    end("aead/open/" + load.name, load.packets());
    WG_ASSERT(jobs.back().authentic);
}

}  // namespace
}  // namespace wgns::bench

int main() {
    constexpr int is_skipped = 77;
    constexpr auto aead = wgns::AeadKind::wide;
    if (!wgns::make_aead(aead)) {
        std::fputs("the CPU has no AVX2, for which the record is\n", stderr);
        return is_skipped;
    }
    for (const wgns::bench::Load& load : wgns::bench::loads()) {
        wgns::bench::count_worker(load, aead);
        wgns::bench::count_aead(load, aead);
    }
}
