#include "cli/bench/measuring.h"

#include <optional>
#include <utility>

#include "cli/bench/handshakes.h"
#include "crypto/x25519.h"

namespace wgns::bench {

using nlohmann::json;
using std::chrono::steady_clock;

namespace {

// How much longer than planned something may take on a machine that is busy, or that has gone
// astray.
constexpr std::chrono::seconds grace{15};

Phases phases_of(const Extent& extent) {
    const auto nanoseconds = [](double seconds) {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(
            std::chrono::duration<double>(seconds));
    };
    return {nanoseconds(extent.warm_up_seconds()), nanoseconds(extent.seconds)};
}

// What the two ends of a task say.
struct Outcome {
    json caller;
    json listener;
};

// A task that is being carried out.
class Run {
public:
    [[nodiscard]] static Result<Run, Failure> start(Ends& ends, const Task& task,
                                                    const Interrupt& interrupt) {
        auto listener = ends.start_listener(task);
        if (!listener) return listener.error();
        const auto ready = listener->hear(interrupt, steady_clock::now() + grace);
        if (!ready) return ready.error();
        auto caller = ends.start_caller(ready->at("port").get<std::uint16_t>(), task);
        if (!caller) return caller.error();
        return Run(*std::move(listener), *std::move(caller), task.phases, interrupt);
    }

    [[nodiscard]] Result<json, Failure> caller_value() { return caller_.hear(*interrupt_, end()); }
    [[nodiscard]] Result<Outcome, Failure> outcome() {
        auto called = caller_value();
        if (!called) return called.error();
        // One that saw the end by itself may be gone already.
        static_cast<void>(listener_.channel().send({{"stop", true}}));
        auto listened = listener_.hear(*interrupt_, end());
        if (!listened) return listened.error();
        return Outcome{*std::move(called), *std::move(listened)};
    }

private:
    Run(Child listener, Child caller, const Phases& phases, const Interrupt& interrupt) noexcept
        : listener_(std::move(listener)),
          caller_(std::move(caller)),
          phases_(phases),
          interrupt_(&interrupt) {}
    [[nodiscard]] SteadyTime end() const { return steady_clock::now() + phases_.sending() + grace; }

    Child listener_;
    Child caller_;
    Phases phases_;
    const Interrupt* interrupt_;
};

Task task_of(const Measure& measure, const Phases& phases) {
    Task task;
    task.traffic = measure.traffic;
    task.is_reverse = measure.is_reverse;
    task.streams = measure.streams;
    if (measure.traffic == Traffic::udp) task.datagram_size = measure.datagram_size;
    task.has_trains = measure.has_trains;
    task.phases = phases;
    return task;
}

Result<Values, Failure> measure_load(const Measure& measure, const Phases& phases, Ends& ends,
                                     const Interrupt& interrupt) {
    const auto before = ends.usage();
    if (!before) return before.error();
    auto run = Run::start(ends, task_of(measure, phases), interrupt);
    if (!run) return run.error();
    const auto outcome = run->outcome();
    if (!outcome) return outcome.error();
    const auto after = ends.usage();
    if (!after) return after.error();
    const json& came = measure.is_reverse ? outcome->caller : outcome->listener;
    const auto bytes = came.at("bytes").get<double>();
    const auto counted = came.at("counted_bytes").get<double>();
    if (counted <= 0) return failed(std::string(measure.id) + ": nothing came through the tunnel");
    const auto seconds = came.at("counted_seconds").get<double>();
    const bool is_tcp = measure.traffic == Traffic::tcp;
    Values values;
    values[figure_id(measure.id, is_tcp ? "gbit" : "udp-gbit")] = counted * 8 / seconds / 1e9;
    values[figure_id(measure.id, is_tcp ? "cpu" : "udp-cpu")] =
        (after->cpu_seconds - before->cpu_seconds) / (bytes / 1e9);
    if (came.contains("counted_packets"))
        values[figure_id(measure.id, "kpps")] =
            came.at("counted_packets").get<double>() / seconds / 1e3;
    return values;
}

Result<Values, Failure> measure_latency(const Measure& measure, const Phases& phases, Ends& ends,
                                        const Interrupt& interrupt) {
    std::optional<Run> load;
    if (measure.is_loaded) {
        // It starts first, and ends after the last request.
        Task filling;
        filling.phases = {phases.warm_up, phases.counted + phases.warm_up};
        auto run = Run::start(ends, filling, interrupt);
        if (!run) return run.error();
        load.emplace(*std::move(run));
    }
    auto run = Run::start(ends, task_of(measure, phases), interrupt);
    if (!run) return run.error();
    const auto told = run->caller_value();
    if (!told) return told.error();
    if (told->at("answered") == 0)
        return failed(std::string(measure.id) + ": no request was answered");
    Values values;
    for (const Percentile& each : latency_percentiles())
        values[figure_id(measure.id, "ms", each.part)] = told->at(each.part).get<double>() * 1e3;
    return values;
}

std::string as_peers(const Initiators& initiators) {
    std::string lines;
    for (std::size_t i = 0; i < initiators.size(); ++i)
        lines += "public_key=" + key_to_hex(initiators.public_key(i).bytes) + "\n";
    return lines;
}

}  // namespace

Result<Values, Failure> carry_out(const Measure& measure, const Extent& extent, Ends& ends,
                                  const Interrupt& interrupt) {
    const Phases phases = phases_of(extent);
    if (measure.traffic == Traffic::ping) return measure_latency(measure, phases, ends, interrupt);
    return measure_load(measure, phases, ends, interrupt);
}

Result<Values, Failure> values_of_daemons(Ends& ends) {
    const auto usage = ends.usage();
    if (!usage) return usage.error();
    return Values{{figure_id("daemon", "mib"), usage->peak_resident_mib}};
}

Result<Values, Failure> measure_handshakes(const Extent& extent, Tunnel& tunnel,
                                           const Interrupt& interrupt) {
    const Phases phases = phases_of(extent);
    Initiators initiators(handshake_peers, tunnel.public_key(Side::first));
    auto done = tunnel.host(Side::first).set(as_peers(initiators));
    if (!done) return done.error();
    const auto before = tunnel.host(Side::first).usage();
    if (!before) return before.error();
    Endpoint daemon;
    daemon.address = outer_address(Side::first);
    daemon.port = tunnel_port;
    auto child = start_in(tunnel.at(Side::second),
                          [&](Channel&) { return shake_hands(initiators, daemon, phases); });
    if (!child) return child.error();
    const auto told = child->hear(interrupt, steady_clock::now() + phases.sending() + grace);
    if (!told) return told.error();
    const auto after = tunnel.host(Side::first).usage();
    if (!after) return after.error();
    const auto answered = told->at("answered").get<double>();
    if (answered <= 0) return failed("handshakes: no initiation was answered");
    const auto seconds = told->at("counted_seconds").get<double>();
    return Values{{figure_id("daemon", "per-second"), told->at("counted").get<double>() / seconds},
                  {figure_id("daemon", "handshake-cpu"),
                   (after->cpu_seconds - before->cpu_seconds) * 1e3 / answered}};
}

Values values_of_start(const Tunnel& tunnel) {
    return {{figure_id("daemon", "start"), tunnel.start_seconds() * 1e3}};
}

}  // namespace wgns::bench
