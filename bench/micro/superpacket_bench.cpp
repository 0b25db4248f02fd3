// TUN reads cut into the datagrams of a train, each with its checksums.
#include "dataplane/superpacket.h"

#include <benchmark/benchmark.h>

#include <string>

#include "bench/micro/traffic.h"
#include "protocol/messages.h"

namespace wgns {
namespace {

void split(benchmark::State& state, const model::Shape& shape) {
    constexpr std::size_t datagram_size = traffic::mtu + data_overhead;
    const auto frames = traffic::frames(shape, 8);
    std::vector<std::uint8_t> train(traffic::segment_count * datagram_size);
    std::size_t next = 0;
    for (auto _ : state) {
        const auto superpacket = *Superpacket::parse(frames[next++ % frames.size()]);
        WG_ASSERT(superpacket.segment_count() == traffic::segment_count);
        for (std::size_t i = 0; i < traffic::segment_count; ++i) {
            const std::size_t at = i * datagram_size + data_header_size;
            const std::size_t size = superpacket.segment_size(i);
            superpacket.write_segment(i, MutableBytes(train).subspan(at, size));
        }
        benchmark::ClobberMemory();
    }
    const std::int64_t packets = state.iterations() * std::int64_t{traffic::segment_count};
    state.SetItemsProcessed(packets);
    state.SetBytesProcessed(packets * std::int64_t{traffic::mtu});
}

[[maybe_unused]] const bool registered = [] {
    for (const auto& kind : traffic::kinds()) {
        const std::string name = std::string("Superpacket/split/") + kind.name;
        benchmark::RegisterBenchmark(name.c_str(), split, kind.shape);
    }
    return true;
}();

}  // namespace
}  // namespace wgns
