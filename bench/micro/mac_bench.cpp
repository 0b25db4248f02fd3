// What a flood of handshake messages costs before anything else is looked at.
#include <benchmark/benchmark.h>

#include <vector>

#include "protocol/cookie.h"

namespace wgns {
namespace {

using std::chrono::seconds;

std::vector<std::vector<std::uint8_t>> stamped_messages(std::size_t size, const PublicKey& to) {
    constexpr std::size_t message_count = 64;
    SystemEntropy entropy;
    MacStamper stamper(to);
    std::vector<std::vector<std::uint8_t>> messages(message_count);
    for (auto& message : messages) {
        message.resize(size);
        entropy.fill(message);
        stamper.stamp(message, TimePoint(seconds(1)));
    }
    return messages;
}

void check_mac1(benchmark::State& state, std::size_t size) {
    SystemEntropy entropy;
    PublicKey self;
    entropy.fill(self.bytes);
    MacChecker checker(self, entropy);
    const Endpoint from = Endpoint::parse("192.0.2.1:51820").value();
    const auto messages = stamped_messages(size, self);
    std::size_t next = 0;
    for (auto _ : state) {
        const MacState found =
            checker.check(messages[next++ % messages.size()], from, TimePoint(seconds(2)));
        WG_ASSERT(found == MacState::mac1_only);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(check_mac1, initiation, initiation_size)->Name("Mac1/check/initiation");
BENCHMARK_CAPTURE(check_mac1, response, response_size)->Name("Mac1/check/response");

}  // namespace
}  // namespace wgns
