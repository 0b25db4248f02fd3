#include "cli/bench/rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "cli/bench/machine.h"
#include "cli/bench/measuring.h"
#include "cli/bench/path.h"
#include "cli/bench/progress.h"

namespace wgns::bench {

namespace {

constexpr const char* own_name = "wgns-user";
// What starting and ending the ends of traffic takes, beside the traffic.
constexpr double overhead_seconds = 0.2;
constexpr std::chrono::milliseconds busy_looked_at_for{200};

void add(const Values& values, Contestant& contestant) {
    for (const auto& [id, value] : values)
        contestant.samples[id].push_back(value);
}

Result<std::vector<Contestant>, Failure> invite(const Request& request,
                                                const std::string& own_version,
                                                const Interrupt& interrupt) {
    const bool is_path = !request.instance.empty();
    std::vector<Contestant> all{
        {own_name, is_path ? request.instance : "wgns-user {}", own_version, {}}};
    if (request.peer.empty()) return all;
    auto version = version_of(request.peer, interrupt);
    if (!version) return version.error();
    std::string name = name_of(request.peer);
    if (name == own_name) name += " (peer)";
    all.push_back({std::move(name), request.peer, *std::move(version), {}});
    return all;
}

// Whoever else works on this machine makes every figure worse.
double busy_before(const Interrupt& interrupt) {
    constexpr int nothing = -1;
    const Ticks before = ticks_now();
    static_cast<void>(
        interrupt.wait(nothing, std::chrono::steady_clock::now() + busy_looked_at_for));
    return busy_share(before, ticks_now());
}

// Of one turn.
std::size_t steps_of(const Path* path) {
    if (path == nullptr) return measures().size() + 1;  // and handshakes
    return static_cast<std::size_t>(
        std::count_if(measures().begin(), measures().end(),
                      [&](const Measure& each) { return path->suits(each); }));
}

class Rounds {
public:
    // `path`: instead of tunnels of its own; null: there is none.
    Rounds(const Request& request, const Interrupt& interrupt, std::vector<Contestant> contestants,
           Path* path)
        : request_(request),
          interrupt_(interrupt),
          contestants_(std::move(contestants)),
          path_(path),
          progress_(request.extent.rounds * contestants_.size() * steps_of(path),
                    request.extent.seconds + request.extent.warm_up_seconds() + overhead_seconds) {}

    Result<std::vector<Contestant>, Failure> run() {
        for (unsigned round = 1; round <= request_.extent.rounds; ++round) {
            for (std::size_t i = 0; i < contestants_.size(); ++i) {
                const auto done = take_turn(round, i == 0 ? "" : request_.peer, contestants_[i]);
                if (!done) return done.error();
            }
        }
        return std::move(contestants_);
    }

private:
    Result<Done, Failure> take_turn(unsigned round, const std::string& command,
                                    Contestant& contestant) {
        if (path_ != nullptr) return measure_all(round, *path_, contestant);
        auto tunnel = Tunnel::open(command, interrupt_);
        if (!tunnel) return tunnel.error();
        add(values_of_start(*tunnel), contestant);
        auto done = measure_all(round, *tunnel, contestant);
        if (!done) return done;
        begin_step(round, contestant, "handshakes");
        const auto values = measure_handshakes(request_.extent, *tunnel, interrupt_);
        if (!values) return named(values.error(), contestant);
        add(*values, contestant);
        return done;
    }
    Result<Done, Failure> measure_all(unsigned round, Ends& ends, Contestant& contestant) {
        for (const Measure& measure : measures()) {
            if (!ends.suits(measure)) continue;
            begin_step(round, contestant, measure.id);
            const auto values = carry_out(measure, request_.extent, ends, interrupt_);
            if (!values) return named(values.error(), contestant);
            add(*values, contestant);
        }
        const auto values = values_of_daemons(ends);
        if (!values) return named(values.error(), contestant);
        add(*values, contestant);
        return Done{};
    }
    void begin_step(unsigned round, const Contestant& contestant, const char* what) {
        progress_.step(fmt::format("round {} of {}, {}: {}", round, request_.extent.rounds,
                                   contestant.name, what));
    }
    // Which of them failed.
    Failure named(Failure failure, const Contestant& contestant) const {
        if (!interrupt_.came()) failure.line += fmt::format(" ({})", contestant.name);
        return failure;
    }

    const Request& request_;
    const Interrupt& interrupt_;
    std::vector<Contestant> contestants_;
    Path* path_;
    Progress progress_;
};

}  // namespace

std::string name_of(const std::string& command) {
    std::istringstream words(command);
    std::string word;
    while (words >> word && word.find('=') != std::string::npos)
        continue;
    return word.substr(word.rfind('/') + 1);
}

Result<BenchResult, Failure> run_rounds(const Request& request, const std::string& own_version,
                                        const Interrupt& interrupt) {
    auto contestants = invite(request, own_version, interrupt);
    if (!contestants) return contestants.error();
    std::optional<Path> path;
    if (!request.instance.empty()) {
        auto opened = Path::open(request.instance, request.to, own_version, interrupt);
        if (!opened) return opened.error();
        path.emplace(*std::move(opened));
    }
    BenchResult result;
    if (path) result.path = path->name();
    result.when = time_now();
    result.command_line = own_command_line();
    result.machine = this_machine();
    result.busy_before = busy_before(interrupt);
    result.extent = request.extent;
    auto measured =
        Rounds(request, interrupt, *std::move(contestants), path ? &*path : nullptr).run();
    if (!measured) return measured.error();
    result.contestants = *std::move(measured);
    return result;
}

}  // namespace wgns::bench
