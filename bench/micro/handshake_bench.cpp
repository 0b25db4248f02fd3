// Each step of a handshake. What a step needs from the other side is made outside of the measured
// time, a batch at a time, because stopping the clock takes time too.
#include <benchmark/benchmark.h>

#include <array>

#include "protocol/handshake.h"
#include "protocol/limits.h"

namespace wgns {
namespace {

constexpr std::size_t batch_size = 32;

// Alice initiates, Bob responds.
class Pair {
public:
    Pair() {
        bob_.set_identities(bob_keys_, alice_keys_.public_key());
        introduce(alice);
    }

    void introduce(Handshake& initiator) {
        initiator.set_identities(alice_keys_, bob_keys_.public_key());
    }
    InitiationMessage initiate(Handshake& initiator) {
        stamp_ = stamp_.next();
        return *initiator.create_initiation(alice_keys_, ++index_, stamp_, entropy_);
    }
    Answer respond(const InitiationMessage& message) {
        now_ = now_ + limits::initiation_interval_min;
        const InitiationView view = InitiationView::parse(message).value();
        auto opened = *open_initiation(view, bob_keys_);
        WG_ASSERT(bob_.consume_initiation(opened, view, now_));
        return *bob_.create_response(opened, ++index_, entropy_);
    }
    SessionKeys finish(Handshake& initiator, const Answer& answer) {
        const ResponseView view = ResponseView::parse(answer.message).value();
        return *initiator.consume_response(view, alice_keys_);
    }

    Handshake alice;

private:
    SystemEntropy entropy_;
    StaticIdentity alice_keys_{generate_private_key(entropy_)};
    StaticIdentity bob_keys_{generate_private_key(entropy_)};
    Handshake bob_;
    Tai64n stamp_;
    TimePoint now_;
    std::uint32_t index_ = 0;
};

void create_initiation(benchmark::State& state) {
    Pair pair;
    for (auto _ : state) {
        auto message = pair.initiate(pair.alice);
        benchmark::DoNotOptimize(message);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(create_initiation)->Name("Handshake/create_initiation");

// Opened, consumed and answered.
void answer_initiation(benchmark::State& state) {
    Pair pair;
    std::array<InitiationMessage, batch_size> messages;
    while (state.KeepRunningBatch(batch_size)) {
        state.PauseTiming();
        for (InitiationMessage& message : messages)
            message = pair.initiate(pair.alice);
        state.ResumeTiming();
        for (const InitiationMessage& message : messages) {
            auto answer = pair.respond(message);
            benchmark::DoNotOptimize(answer);
        }
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(answer_initiation)->Name("Handshake/answer_initiation");

void consume_response(benchmark::State& state) {
    Pair pair;
    std::array<Handshake, batch_size> initiators;
    std::array<Answer, batch_size> answers;
    for (Handshake& initiator : initiators)
        pair.introduce(initiator);
    while (state.KeepRunningBatch(batch_size)) {
        state.PauseTiming();
        for (std::size_t i = 0; i < batch_size; ++i)
            answers[i] = pair.respond(pair.initiate(initiators[i]));
        state.ResumeTiming();
        for (std::size_t i = 0; i < batch_size; ++i) {
            auto keys = pair.finish(initiators[i], answers[i]);
            benchmark::DoNotOptimize(keys);
        }
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(consume_response)->Name("Handshake/consume_response");

}  // namespace
}  // namespace wgns
