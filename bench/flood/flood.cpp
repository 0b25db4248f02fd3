// flood KIND --uapi SOCKET --pid PID --to ENDPOINT [--elsewhere ENDPOINT] [--peers N] [--seconds S]
// [--sources N] [--rate N] [--newcomers N] [--join]: gives a daemon a key and N peers, or with
// --join peers beside those that it has, floods it for S seconds with N datagrams a second, or as
// many as can be sent, and prints what came of it, as one line of JSON. With --elsewhere it sends
// as much, but there: what the sending alone costs the others on the machine. KIND is
//
//   handshakes  initiations of all peers in turn, with at most 64 on their way: the daemon has no
//               rest, but is not under load
//   cookies     initiations of which nothing is genuine but mac1, as fast as they can be sent
//   garbage     the same without a genuine mac1
//   random      random bytes of any size
//   index       data for sessions that are none
//   tag         data for a session of ours, not authentic
//   replay      data for a session of ours, authentic, time and again
//
// During all but the first, eight more peers ask for handshakes in earnest, ten times a second in
// all, and newcomers, one after the other in the first seconds, do once each, as the protocol has
// it: again after 5 s until it is answered. Each of them has a port of its own.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "bench/flood/daemon.h"
#include "bench/flood/junk.h"
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
constexpr Duration newcomer_interval = 170ms;
constexpr Duration newcomer_patience = 5s;
// The daemon's first handshakes, and cookies for the honest ones, are not measured.
constexpr Duration warm_up = 1s;

struct Options {
    std::string kind;
    std::string uapi;
    std::string to;
    std::string elsewhere;
    int pid = 0;
    std::size_t peers = 1024;
    int seconds = 5;
    unsigned sources = 0;
    unsigned newcomers = 1;
    unsigned rate = 0;  // datagrams a second; 0: as fast as they can be sent
    bool joins = false;
};

struct Tally {
    std::uint64_t sent = 0;
    std::uint64_t responses = 0;
    std::uint64_t cookies = 0;
    std::uint64_t honest_sent = 0;
    std::uint64_t honest_responses = 0;
};

// A peer that has no session yet.
class Newcomer {
public:
    Newcomer(const PublicKey& daemon, const Endpoint& to, TimePoint begins)
        : peer_(1, daemon), link_(to), began_(begins), next_at_(begins) {}

    [[nodiscard]] const Initiators& peer() const noexcept { return peer_; }
    // How long it took; nothing until it is answered.
    [[nodiscard]] std::optional<double> seconds() const noexcept {
        if (met_.is_never()) return std::nullopt;
        return std::chrono::duration<double>(met_ - began_).count();
    }
    // Until it is answered.
    void come(const Clock& clock) {
        if (!met_.is_never() || clock.now() < began_) return;
        for (const Bytes datagram : link_.receive()) {
            if (classify_message(datagram) == MessageType::response) met_ = clock.now();
            if (const auto reply = CookieReplyView::parse(datagram))
                peer_.take_cookie(*reply, clock.now());
        }
        if (!met_.is_never() || clock.now() < next_at_) return;
        next_at_ = clock.now() + newcomer_patience;
        const InitiationMessage message = peer_.initiate(clock.moment());
        link_.send({&message, 1});
    }

private:
    Initiators peer_;
    Link link_;
    TimePoint began_;
    TimePoint next_at_;  // its next initiation
    TimePoint met_;
};

class Flood {
public:
    // The junk goes to `junk_to`.
    Flood(const Options& options, const Endpoint& to, const Endpoint& junk_to)
        : options_(options),
          port_(to.port),
          daemon_(options.joins ? key_of(options.uapi) : generate_private_key(entropy_)),
          initiators_(options.joins ? 1 : options.peers, daemon_.public_key()),
          honest_(honest_count, daemon_.public_key()),
          insider_(daemon_.public_key(), to),
          link_(junk_to, options.sources) {
        for (std::size_t i = 0; i < honest_count; ++i)
            honest_links_.emplace_back(to);
        for (unsigned i = 0; i < options.newcomers; ++i)
            newcomers_.emplace_back(daemon_.public_key(), to,
                                    clock_.now() + warm_up / 2 + i * newcomer_interval);
    }

    void run() {
        std::vector<const Initiators*> peers = {&initiators_, &honest_, &insider_.peer()};
        for (const Newcomer& each : newcomers_)
            peers.push_back(&each.peer());
        if (options_.joins)
            add_peers(options_.uapi, peers);
        else
            configure(options_.uapi, daemon_.secret(), port_, peers);
        insider_.connect(clock_);
        run_for(warm_up);
        const TimePoint begin = clock_.now();
        const Usage before = usage_of(options_.pid);
        tally_ = {};
        run_for(std::chrono::seconds(options_.seconds));
        const Usage after = usage_of(options_.pid);
        const std::chrono::duration<double> seconds = clock_.now() - begin;
        print(seconds.count(), before, after);
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
        if (junk_.empty())
            junk_ = make_junk(options_.kind, daemon_.public_key(), insider_, clock_.now());
        if (options_.rate == 0 || clock_.now() >= batch_at_) {
            link_.send(std::vector<Bytes>(junk_.begin(), junk_.end()));
            tally_.sent += junk_.size();
            if (options_.rate != 0)
                batch_at_ = clock_.now() + Duration(1s) * junk_.size() / options_.rate;
        }
        for (auto received = link_.receive(); !received.empty(); received = link_.receive())
            for (const Bytes datagram : received) {
                count(datagram, tally_.responses);
                answers_but_cookies_ +=
                    static_cast<std::uint64_t>(!CookieReplyView::parse(datagram));
            }
        be_honest();
        for (Newcomer& each : newcomers_)
            each.come(clock_);
    }

    void be_honest() {
        if (clock_.now() < honest_at_) return;
        for (Link& link : honest_links_)
            for (const Bytes datagram : link.receive()) {
                if (classify_message(datagram) == MessageType::response) ++tally_.honest_responses;
                if (const auto reply = CookieReplyView::parse(datagram))
                    honest_.take_cookie(*reply, clock_.now());
            }
        honest_at_ = clock_.now() + honest_interval;
        Link& link = honest_links_[honest_.next()];
        const InitiationMessage message = honest_.initiate(clock_.moment());
        link.send({&message, 1});
        ++tally_.honest_sent;
    }

    void count(Bytes datagram, std::uint64_t& responses) {
        const auto type = classify_message(datagram);
        if (type == MessageType::response) ++responses;
        if (type == MessageType::cookie_reply) ++tally_.cookies;
    }

    void print(double seconds, const Usage& before, const Usage& after) const {
        nlohmann::json seen{
            {"kind", options_.kind},
            {"seconds", seconds},
            {"cpu_seconds", after.cpu_seconds - before.cpu_seconds},
            {"sent", tally_.sent},
            {"read", after.datagrams - before.datagrams},
            {"responses", tally_.responses},
            {"cookies", tally_.cookies},
            {"answers_but_cookies", answers_but_cookies_},
            {"honest_sent", tally_.honest_sent},
            {"honest_responses", tally_.honest_responses},
            {"newcomers_seconds", nlohmann::json::array()},
            {"grown_kib", static_cast<std::int64_t>(after.private_kib - before.private_kib)}};
        // Of those who were answered.
        for (const Newcomer& each : newcomers_)
            if (const auto took = each.seconds()) seen["newcomers_seconds"].push_back(*took);
        std::printf("%s\n", seen.dump().c_str());
    }

    Options options_;
    std::uint16_t port_;
    SystemClock clock_;
    SystemEntropy entropy_;
    StaticIdentity daemon_;
    Initiators initiators_;
    Initiators honest_;
    Insider insider_;
    Link link_;
    std::deque<Link> honest_links_;
    std::deque<Newcomer> newcomers_;
    Datagrams junk_;
    TimePoint batch_at_;
    std::size_t on_their_way_ = 0;
    TimePoint honest_at_;
    std::uint64_t answers_but_cookies_ = 0;  // to what is no peer's, since the beginning
    Tally tally_;
};

}  // namespace
}  // namespace wgns::bench

int main(int argc, char** argv) {
    wgns::bench::Options options;
    CLI::App app("Floods a WireGuard daemon with handshake messages.");
    app.add_option("kind", options.kind)
        ->required()
        ->check(CLI::IsMember(
            {"handshakes", "cookies", "garbage", "random", "index", "tag", "replay"}));
    app.add_option("--uapi", options.uapi)->required();
    app.add_option("--pid", options.pid)->required();
    app.add_option("--to", options.to)->required();
    app.add_option("--elsewhere", options.elsewhere);
    app.add_option("--peers", options.peers)->check(CLI::Range(1, 65'000));
    app.add_option("--newcomers", options.newcomers)->check(CLI::Range(1, 100));
    app.add_option("--sources", options.sources)->check(CLI::Range(1, 65'536));
    app.add_option("--rate", options.rate)->check(CLI::Range(64, 10'000'000));
    app.add_flag("--join", options.joins);
    app.add_option("--seconds", options.seconds)->check(CLI::Range(1, 600));
    CLI11_PARSE(app, argc, argv);
    const auto to = wgns::Endpoint::parse(options.to);
    if (!to) return app.exit(CLI::ValidationError("--to", "is no endpoint"));
    const auto elsewhere = wgns::Endpoint::parse(options.elsewhere);
    if (!elsewhere && !options.elsewhere.empty())
        return app.exit(CLI::ValidationError("--elsewhere", "is no endpoint"));
    wgns::bench::Flood(options, *to, elsewhere.value_or(*to)).run();
    return 0;
}
