// Whose an inner address is, in tables of prefixes as peers are given them: single hosts and small
// networks. Every look-up finds something, and seldom what the last one found.
#include <benchmark/benchmark.h>

#include <array>
#include <random>
#include <vector>

#include "protocol/allowed_ips.h"

namespace wgns {
namespace {

// More than a processor's branch predictor can learn by heart.
constexpr std::size_t query_count = 65'536;

IpAddress random_address(bool v6, std::mt19937_64& random) {
    std::array<std::uint8_t, 16> bytes;
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    if (!v6) return IpAddress::v4(std::span(bytes).first<4>());
    bytes[0] = 0xfd;
    return IpAddress::v6(bytes);
}

IpPrefix random_prefix(bool v6, std::mt19937_64& random) {
    constexpr std::array<std::uint8_t, 4> v4_lengths = {24, 28, 32, 32},
                                          v6_lengths = {48, 64, 128, 128};
    const std::uint8_t length = (v6 ? v6_lengths : v4_lengths)[random() % 4];
    return IpPrefix{random_address(v6, random), length}.masked();
}

// Any address of the prefix: the bits behind it are another address's.
IpAddress random_host(const IpPrefix& prefix, std::mt19937_64& random) {
    const bool v6 = !prefix.address.is_v4();
    std::array<std::uint8_t, 16> bytes{};
    copy_bytes(bytes, random_address(v6, random).bytes());
    const Bytes fixed = prefix.address.bytes();
    for (std::size_t bit = 0; bit < prefix.length; ++bit) {
        const auto mask = static_cast<std::uint8_t>(0x80 >> bit % 8);
        bytes[bit / 8] =
            static_cast<std::uint8_t>((bytes[bit / 8] & ~mask) | (fixed[bit / 8] & mask));
    }
    return v6 ? IpAddress::v6(bytes) : IpAddress::v4(std::span(bytes).first<4>());
}

void find(benchmark::State& state, bool v6) {
    std::mt19937_64 random(1);
    std::vector<IpPrefix> prefixes(static_cast<std::size_t>(state.range(0)));
    for (IpPrefix& prefix : prefixes)
        prefix = random_prefix(v6, random);
    // Peers are told apart by where they are, and never looked into.
    std::vector<std::uint64_t> peers(prefixes.size());
    AllowedIps table;
    for (std::size_t i = 0; i < prefixes.size(); ++i)
        table.insert(prefixes[i], reinterpret_cast<Peer*>(&peers[i]));
    std::vector<IpAddress> queries(query_count);
    for (IpAddress& query : queries)
        query = random_host(prefixes[random() % prefixes.size()], random);
    std::size_t next = 0;
    for (auto _ : state)
        WG_ASSERT(table.find(queries[next++ % query_count]));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(find, v4, false)->Name("AllowedIps/find/v4")->Arg(1)->Arg(1'000)->Arg(100'000);
BENCHMARK_CAPTURE(find, v6, true)->Name("AllowedIps/find/v6")->Arg(1)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace wgns
