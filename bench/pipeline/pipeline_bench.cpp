// The whole worker on ports of memory: what a packet costs without the kernel, and how much of that
// is the AEAD.
#include <benchmark/benchmark.h>
#include <x86intrin.h>

#include <cstring>
#include <optional>
#include <string>

#include "bench/pipeline/allocations.h"
#include "bench/pipeline/link.h"
#include "crypto/aead_choice.h"
#include "dataplane/checksum.h"

namespace wgns::bench {
namespace {

using ByteVector = std::vector<std::uint8_t>;

// What one turn reads from the TUN.
struct Load {
    std::string name;
    std::size_t packet_size;  // of an inner packet, headers and all
    std::size_t segments;     // in a frame
    std::size_t frames;
};

constexpr std::size_t ip_size = 20, udp_size = 8, tcp_size = 32;

// IPv4 from 10.0.0.1 to 10.0.0.2 behind a virtio-net header.
ByteVector frame(std::uint8_t protocol, std::size_t size, const VirtioHeader& header) {
    ByteVector bytes(VirtioHeader::size + size);
    header.write(MutableBytes(bytes).first(VirtioHeader::size));
    const MutableBytes packet = MutableBytes(bytes).subspan(VirtioHeader::size);
    packet[0] = 0x45;
    store_be(packet.subspan(2), static_cast<std::uint16_t>(size));
    packet[8] = 64;
    packet[9] = protocol;
    const std::uint8_t addresses[] = {10, 0, 0, 1, 10, 0, 0, 2};
    std::memcpy(&packet[12], addresses, sizeof addresses);
    store_checksum(packet.subspan(10), sum_of(packet.first(ip_size)), false);
    return bytes;
}

// As the kernel hands out what a program here has sent: the checksum is left to us.
ByteVector udp_frame(std::size_t size) {
    VirtioHeader header;
    header.flags = VirtioHeader::needs_checksum;
    header.checksum_start = ip_size;
    header.checksum_offset = 6;
    ByteVector bytes = frame(17, size, header);
    const MutableBytes packet = MutableBytes(bytes).subspan(VirtioHeader::size);
    const MutableBytes udp = packet.subspan(ip_size);
    store_be(udp.first(2), std::uint16_t{5000});
    store_be(udp.subspan(2), std::uint16_t{5001});
    store_be(udp.subspan(4), static_cast<std::uint16_t>(udp.size()));
    const std::uint16_t partial =
        fold(pseudo_header_sum(packet.subspan(12, 4), packet.subspan(16, 4), 17, udp.size()));
    std::memcpy(&udp[6], &partial, sizeof partial);
    return bytes;
}

ByteVector tcp_frame(std::size_t packet_size, std::size_t segments) {
    const std::size_t step = packet_size - ip_size - tcp_size;
    VirtioHeader header;
    header.flags = VirtioHeader::needs_checksum;
    header.gso_type = VirtioHeader::tcp_v4;
    header.header_size = ip_size + tcp_size;
    header.gso_size = static_cast<std::uint16_t>(step);
    header.checksum_start = ip_size;
    header.checksum_offset = 16;
    ByteVector bytes = frame(6, ip_size + tcp_size + step * segments, header);
    const MutableBytes tcp = MutableBytes(bytes).subspan(VirtioHeader::size + ip_size);
    tcp[12] = (tcp_size / 4) << 4;
    tcp[13] = 0x10;
    tcp[20] = tcp[21] = 1;  // no operation, twice, and timestamps
    tcp[22] = 8;
    tcp[23] = 10;
    return bytes;
}

std::vector<ByteVector> frames_of(const Load& load) {
    return std::vector<ByteVector>(load.frames, load.segments == 1
                                                    ? udp_frame(load.packet_size)
                                                    : tcp_frame(load.packet_size, load.segments));
}

enum class Half { seal, open, both };

std::uint64_t packets_of(const Load& load) {
    return load.segments * load.frames;
}

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
    const std::int64_t packets = state.iterations() * static_cast<std::int64_t>(packets_of(load));
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
    const std::uint64_t least = static_cast<std::uint64_t>(state.iterations()) * packets_of(load) *
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

const Load loads[] = {
    {"64", 64, 1, 64},
    {"200", 200, 1, 64},
    {"1420", 1420, 1, 64},
    {"1420_superpacket", 1420, 45, 4},
};

void add_all() {
    const struct {
        const char* name;
        AeadKind kind;
    } backends[] = {
        {"wide", AeadKind::wide}, {"ipsecmb", AeadKind::ipsecmb}, {"sodium", AeadKind::sodium}};
    for (const auto& backend : backends) {
        if (!make_aead(backend.kind)) continue;
        for (const Load& load : loads) {
            add(std::string("seal/") + backend.name, load, backend.kind, Half::seal, 1);
            add(std::string("open/") + backend.name, load, backend.kind, Half::open, 1);
        }
    }
    for (const Load& load : loads)
        for (const int workers : {1, 2})
            add("workers", load, AeadKind::automatic, Half::both, workers);
}

const bool is_registered = (add_all(), true);

}  // namespace
}  // namespace wgns::bench
