// Opened datagrams of a train joined to one gathered TUN write, their checksums looked at.
#include "dataplane/coalesce.h"

#include <benchmark/benchmark.h>

#include <string>

#include "bench/micro/traffic.h"
#include "protocol/messages.h"

namespace wgns {
namespace {

constexpr std::size_t datagram_size = traffic::mtu + data_overhead;

MutableBytes packet_at(std::vector<std::uint8_t>& train, std::size_t i) {
    return MutableBytes(train).subspan(i * datagram_size + data_header_size, traffic::mtu);
}

std::vector<std::uint8_t> train_of(const model::Shape& shape, const model::Packet& frame) {
    std::vector<std::uint8_t> train(traffic::segment_count * datagram_size);
    const auto packets = model::segments(shape, frame);
    for (std::size_t i = 0; i < traffic::segment_count; ++i)
        copy_bytes(packet_at(train, i), packets[i]);
    return train;
}

void join(benchmark::State& state, const model::Shape& shape) {
    std::vector<std::vector<std::uint8_t>> trains;
    for (const auto& frame : traffic::frames(shape, 8))
        trains.push_back(train_of(shape, frame));
    auto pristine = trains;
    Turn turn;
    Coalescer coalescer({.tcp = true, .udp = true});
    std::size_t next = 0;
    for (auto _ : state) {
        const std::size_t at = next++ % trains.size();
        for (std::size_t i = 0; i < traffic::segment_count; ++i) {
            const MutableBytes bytes = packet_at(trains[at], i);
            coalescer.add(turn, InnerPacket::parse(bytes).value(), bytes);
        }
        coalescer.flush(turn);
        WG_ASSERT(turn.to_tun.size() == 1);
        turn.clear_received();
        // Joining has changed the first header, and nothing else.
        copy_bytes(packet_at(trains[at], 0), packet_at(pristine[at], 0).first(shape.headers()));
    }
    const std::int64_t packets = state.iterations() * std::int64_t{traffic::segment_count};
    state.SetItemsProcessed(packets);
    state.SetBytesProcessed(packets * std::int64_t{traffic::mtu});
}

[[maybe_unused]] const bool registered = [] {
    for (const auto& kind : traffic::kinds()) {
        const std::string name = std::string("Coalesce/join/") + kind.name;
        benchmark::RegisterBenchmark(name.c_str(), join, kind.shape);
    }
    return true;
}();

}  // namespace
}  // namespace wgns
