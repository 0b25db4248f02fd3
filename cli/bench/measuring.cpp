#include "cli/bench/measuring.h"

#include <utility>

#include "cli/bench/ping_pong.h"
#include "cli/bench/tcp_load.h"
#include "cli/bench/udp_load.h"

namespace wgns::bench {

using nlohmann::json;
using std::chrono::steady_clock;

namespace {

// How much longer than planned something may take on a machine that is busy, or that has gone
// astray.
constexpr std::chrono::seconds patience{15};

Phases phases_of(const Extent& extent) {
    const auto nanoseconds = [](double seconds) {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(
            std::chrono::duration<double>(seconds));
    };
    return {nanoseconds(extent.warm_up_seconds()), nanoseconds(extent.seconds)};
}

using SinkWork = std::function<Result<json>(Channel&, const IpAddress&)>;
using SourceWork = std::function<Result<json>(const Endpoint&)>;

// A sink and a source at the two ends of a tunnel.
class Run {
public:
    [[nodiscard]] static Result<Run, Failure> start(const Tunnel& tunnel, Side from,
                                                    const Interrupt& interrupt,
                                                    std::pair<SinkWork, SourceWork> work) {
        const IpAddress to = inner_address(other(from));
        auto sink = start_in(tunnel.at(other(from)),
                             [to, &work](Channel& channel) { return work.first(channel, to); });
        if (!sink) return sink.error();
        const auto ready = sink->hear(interrupt, steady_clock::now() + patience);
        if (!ready) return ready.error();
        Endpoint where;
        where.address = to;
        where.port = ready->at("port").get<std::uint16_t>();
        auto source =
            start_in(tunnel.at(from), [where, &work](Channel&) { return work.second(where); });
        if (!source) return source.error();
        return Run(*std::move(sink), *std::move(source), interrupt);
    }

    // What the source says when it is done.
    [[nodiscard]] Result<json, Failure> source_value(const Phases& phases) {
        return source_.hear(*interrupt_, end(phases));
    }
    // What the sink says once the source is done.
    [[nodiscard]] Result<json, Failure> sink_value(const Phases& phases) {
        const auto sent = source_value(phases);
        if (!sent) return sent.error();
        // One that saw the end by itself may be gone already.
        static_cast<void>(sink_.channel().send({{"stop", true}}));
        return sink_.hear(*interrupt_, end(phases));
    }

private:
    Run(Child sink, Child source, const Interrupt& interrupt) noexcept
        : sink_(std::move(sink)), source_(std::move(source)), interrupt_(&interrupt) {}
    [[nodiscard]] static SteadyTime end(const Phases& phases) {
        return steady_clock::now() + phases.sending() + patience;
    }

    Child sink_;
    Child source_;
    const Interrupt* interrupt_;
};

Result<Run, Failure> start_tcp(const Tunnel& tunnel, Side from, const Interrupt& interrupt,
                               const TcpPlan& plan) {
    return Run::start(tunnel, from, interrupt,
                      {[plan](Channel& channel, const IpAddress& address) {
                           return sink_tcp(channel, address, plan);
                       },
                       [plan](const Endpoint& to) { return send_tcp(to, plan); }});
}

Result<Run, Failure> start_udp(const Tunnel& tunnel, Side from, const Interrupt& interrupt,
                               const UdpPlan& plan) {
    return Run::start(tunnel, from, interrupt,
                      {[plan](Channel& channel, const IpAddress& address) {
                           return sink_udp(channel, address, plan);
                       },
                       [plan](const Endpoint& to) { return send_udp(to, plan); }});
}

Result<Run, Failure> start_load(const Measure& measure, const Phases& phases, const Tunnel& tunnel,
                                const Interrupt& interrupt) {
    const Side from = measure.is_reverse ? Side::second : Side::first;
    if (measure.traffic == Traffic::tcp)
        return start_tcp(tunnel, from, interrupt, {measure.streams, phases});
    return start_udp(tunnel, from, interrupt, {measure.datagram_size, measure.has_trains, phases});
}

Result<Values, Failure> measure_load(const Measure& measure, const Phases& phases, Tunnel& tunnel,
                                     const Interrupt& interrupt) {
    const auto before = tunnel.usage();
    if (!before) return before.error();
    auto run = start_load(measure, phases, tunnel, interrupt);
    if (!run) return run.error();
    const auto came = run->sink_value(phases);
    if (!came) return came.error();
    const auto after = tunnel.usage();
    if (!after) return after.error();
    const auto bytes = came->at("bytes").get<double>();
    const auto counted = came->at("counted_bytes").get<double>();
    if (counted <= 0) return failed(std::string(measure.id) + ": nothing came through the tunnel");
    const auto seconds = came->at("counted_seconds").get<double>();
    const bool is_tcp = measure.traffic == Traffic::tcp;
    Values values;
    values[figure_id(measure.id, is_tcp ? "gbit" : "udp-gbit")] = counted * 8 / seconds / 1e9;
    values[figure_id(measure.id, is_tcp ? "cpu" : "udp-cpu")] =
        (after->cpu_seconds - before->cpu_seconds) / (bytes / 1e9);
    if (came->contains("counted_packets"))
        values[figure_id(measure.id, "kpps")] =
            came->at("counted_packets").get<double>() / seconds / 1e3;
    return values;
}

Result<Values, Failure> measure_latency(const Measure& measure, const Phases& phases,
                                        const Tunnel& tunnel, const Interrupt& interrupt) {
    std::optional<Run> load;
    if (measure.is_loaded) {
        // It starts first, and ends after the last request.
        const Phases longer{phases.warm_up, phases.counted + phases.warm_up};
        auto run = start_tcp(tunnel, Side::first, interrupt, {1, longer});
        if (!run) return run.error();
        load.emplace(*std::move(run));
    }
    auto run = Run::start(tunnel, Side::first, interrupt,
                          {echo, [phases](const Endpoint& to) { return ask_in_time(to, phases); }});
    if (!run) return run.error();
    const auto told = run->source_value(phases);
    if (!told) return told.error();
    if (told->at("answered") == 0)
        return failed(std::string(measure.id) + ": no request was answered");
    Values values;
    for (const Percentile& each : latency_percentiles())
        values[figure_id(measure.id, "ms", each.part)] = told->at(each.part).get<double>() * 1e3;
    return values;
}

}  // namespace

Result<Values, Failure> carry_out(const Measure& measure, const Extent& extent, Tunnel& tunnel,
                                  const Interrupt& interrupt) {
    const Phases phases = phases_of(extent);
    if (measure.traffic == Traffic::ping)
        return measure_latency(measure, phases, tunnel, interrupt);
    return measure_load(measure, phases, tunnel, interrupt);
}

Result<Values, Failure> values_of_daemons(Tunnel& tunnel) {
    const auto usage = tunnel.usage();
    if (!usage) return usage.error();
    return Values{{figure_id("daemon", "mib"), usage->peak_resident_mib},
                  {figure_id("daemon", "start"), tunnel.start_seconds() * 1e3}};
}

}  // namespace wgns::bench
