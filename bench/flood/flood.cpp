// flood KIND --uapi SOCKET --pid PID --to ENDPOINT [--peers N] [--seconds S]: gives a daemon a key
// and N peers, floods it for S seconds and prints what came of it, as one line of JSON. KIND is
//
//   handshakes  initiations of all peers in turn, with at most 64 on their way: the daemon has no
//               rest, but is not under load
//   cookies     initiations of which nothing is genuine but mac1, as fast as they can be sent
//   garbage     the same without a genuine mac1
//
// During the last two, eight more peers ask for handshakes in earnest, ten times a second in all.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <functional>
#include <map>

#include "bench/flood/daemon.h"
#include "bench/flood/link.h"
#include "crypto/x25519.h"

namespace wgns::bench {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// Half of what both implementations call load.
constexpr std::size_t on_their_way_max = 64;
constexpr std::size_t honest_count = 8;
constexpr Duration honest_interval = 100ms;
constexpr Duration lost_after = 200ms;
// The daemon's first handshakes, and cookies for the honest ones, are not measured.
constexpr Duration warm_up = 1s;

struct Options {
    std::string kind;
    std::string uapi;
    std::string to;
    int pid = 0;
    std::size_t peers = 1024;
    int seconds = 5;
};

struct Tally {
    std::uint64_t sent = 0;
    std::uint64_t responses = 0;
    std::uint64_t cookies = 0;
    std::uint64_t honest_sent = 0;
    std::uint64_t honest_responses = 0;
};

class Flood {
public:
    Flood(const Options& options, const Endpoint& to)
        : options_(options),
          port_(to.port),
          initiators_(options.peers, daemon_.public_key()),
          honest_(honest_count, daemon_.public_key()),
          link_(to),
          honest_link_(to) {}

    void run() {
        configure(options_.uapi, daemon_.secret(), port_, {&initiators_, &honest_});
        run_for(warm_up);
        const TimePoint begin = clock_.now();
        const Usage before = usage_of(options_.pid);
        tally_ = {};
        run_for(std::chrono::seconds(options_.seconds));
        const Usage after = usage_of(options_.pid);
        const std::chrono::duration<double> seconds = clock_.now() - begin;
        print(seconds.count(), after.cpu_seconds - before.cpu_seconds,
              after.datagrams - before.datagrams);
    }

private:
    void run_for(Duration time) {
        const TimePoint end = clock_.now() + time;
        if (options_.kind == "handshakes")
            while (clock_.now() < end)
                keep_busy();
        else
            while (clock_.now() < end)
                overwhelm();
    }

    // Replaces what was answered.
    void keep_busy() {
        std::vector<InitiationMessage> fresh;
        while (on_their_way_ + fresh.size() < on_their_way_max)
            fresh.push_back(initiators_.initiate(clock_.moment()));
        link_.send(fresh);
        tally_.sent += fresh.size();
        on_their_way_ += fresh.size();
        link_.wait(std::chrono::duration_cast<std::chrono::milliseconds>(lost_after));
        const auto received = link_.receive();
        for (const Bytes datagram : received)
            count(datagram, tally_.responses);
        on_their_way_ = received.empty() ? 0 : on_their_way_ - received.size();
    }

    void overwhelm() {
        if (forged_.empty()) forge();
        link_.send(forged_);
        tally_.sent += forged_.size();
        for (auto received = link_.receive(); !received.empty(); received = link_.receive())
            for (const Bytes datagram : received)
                count(datagram, tally_.responses);
        be_honest();
    }

    void forge() {
        MacStamper stamper(daemon_.public_key());
        for (std::size_t i = 0; i < Link::batch_max; ++i) {
            InitiationMessage& message = forged_.emplace_back();
            entropy_.fill(message);
            store_le(MutableBytes(message), MessageType::initiation);
            if (options_.kind == "cookies") stamper.stamp(message, clock_.now());
        }
    }

    void be_honest() {
        for (const Bytes datagram : honest_link_.receive()) {
            count(datagram, tally_.honest_responses);
            if (const auto reply = CookieReplyView::parse(datagram))
                honest_.take_cookie(*reply, clock_.now());
        }
        if (clock_.now() < honest_at_) return;
        honest_at_ = clock_.now() + honest_interval;
        const InitiationMessage message = honest_.initiate(clock_.moment());
        honest_link_.send({&message, 1});
        ++tally_.honest_sent;
    }

    void count(Bytes datagram, std::uint64_t& responses) {
        const auto type = classify_message(datagram);
        if (type == MessageType::response) ++responses;
        if (type == MessageType::cookie_reply) ++tally_.cookies;
    }

    void print(double seconds, double cpu_seconds, std::uint64_t read) const {
        const auto number = [](std::uint64_t value) -> unsigned long long { return value; };
        std::printf(
            "{\"kind\": \"%s\", \"seconds\": %.3f, \"cpu_seconds\": %.2f, \"sent\": %llu, "
            "\"read\": %llu, \"responses\": %llu, \"cookies\": %llu, \"honest_sent\": %llu, "
            "\"honest_responses\": %llu}\n",
            options_.kind.c_str(), seconds, cpu_seconds, number(tally_.sent), number(read),
            number(tally_.responses), number(tally_.cookies), number(tally_.honest_sent),
            number(tally_.honest_responses));
    }

    Options options_;
    std::uint16_t port_;
    SystemClock clock_;
    SystemEntropy entropy_;
    StaticIdentity daemon_{generate_private_key(entropy_)};
    Initiators initiators_;
    Initiators honest_;
    Link link_;
    Link honest_link_;  // from a port of its own
    std::vector<InitiationMessage> forged_;
    std::size_t on_their_way_ = 0;
    TimePoint honest_at_;
    Tally tally_;
};

}  // namespace
}  // namespace wgns::bench

int main(int argc, char** argv) {
    wgns::bench::Options options;
    CLI::App app("Floods a WireGuard daemon with handshake messages.");
    app.add_option("kind", options.kind)
        ->required()
        ->check(CLI::IsMember({"handshakes", "cookies", "garbage"}));
    app.add_option("--uapi", options.uapi)->required();
    app.add_option("--pid", options.pid)->required();
    app.add_option("--to", options.to)->required();
    app.add_option("--peers", options.peers)->check(CLI::Range(1, 65'000));
    app.add_option("--seconds", options.seconds)->check(CLI::Range(1, 600));
    CLI11_PARSE(app, argc, argv);
    const auto to = wgns::Endpoint::parse(options.to);
    if (!to) return app.exit(CLI::ValidationError("--to", "is no endpoint"));
    wgns::bench::Flood(options, *to).run();
    return 0;
}
