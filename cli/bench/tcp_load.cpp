#include "cli/bench/tcp_load.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <numeric>
#include <thread>
#include <vector>

namespace wgns::bench {

using nlohmann::json;
using std::chrono::steady_clock;

namespace {

// Large enough that system calls cost little, small enough to stay in the caches.
constexpr std::size_t piece_size = 256 * 1024;
// Whoever is stuck looks at the clock that often.
constexpr timeval looks_up_every{0, 100'000};

// One line of the cache each: its thread writes it all the time.
struct alignas(64) Count {
    std::atomic<std::uint64_t> bytes{0};
};

struct Sample {
    std::uint64_t bytes = 0;
    steady_clock::time_point time;
};

std::uint64_t sum(const std::vector<Count>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0},
                           [](std::uint64_t so_far, const Count& each) {
                               return so_far + each.bytes.load(std::memory_order_relaxed);
                           });
}

void receive(const UniqueFd& stream, Count& count) {
    std::vector<char> piece(piece_size);
    for (;;) {
        const ssize_t size = ::recv(stream.get(), piece.data(), piece.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return;
        count.bytes.fetch_add(static_cast<std::uint64_t>(size), std::memory_order_relaxed);
    }
}

void send(const UniqueFd& stream, steady_clock::time_point end, Count& count) {
    ::setsockopt(stream.get(), SOL_SOCKET, SO_SNDTIMEO, &looks_up_every, sizeof looks_up_every);
    const std::vector<char> piece(piece_size, 'w');
    while (steady_clock::now() < end) {
        const ssize_t size = ::send(stream.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
        if (size < 0 && errno != EAGAIN && errno != EINTR) break;
        count.bytes.fetch_add(static_cast<std::uint64_t>(std::max<ssize_t>(size, 0)),
                              std::memory_order_relaxed);
    }
    ::shutdown(stream.get(), SHUT_WR);
}

Result<std::vector<UniqueFd>> accept_all(const UniqueFd& listener, unsigned streams) {
    std::vector<UniqueFd> all;
    while (all.size() < streams) {
        UniqueFd stream(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!stream) return Error{errno, "accept", "", ""};
        all.push_back(std::move(stream));
    }
    return all;
}

json receive_all(const std::vector<UniqueFd>& streams, const Phases& phases) {
    std::vector<Count> counts(streams.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < counts.size(); ++i)
        threads.emplace_back([&, i] { receive(streams[i], counts[i]); });
    const Sample start{sum(counts), steady_clock::now()};
    std::this_thread::sleep_for(phases.warm_up);
    Sample begin{sum(counts), steady_clock::now()};
    std::this_thread::sleep_for(phases.counted);
    Sample end{sum(counts), steady_clock::now()};
    for (std::thread& thread : threads)
        thread.join();
    const std::uint64_t all = sum(counts);
    // Where so little comes through that none of it falls into the counted phase, all of it counts.
    if (end.bytes == begin.bytes) {
        begin = start;
        end = {all, steady_clock::now()};
    }
    const std::chrono::duration<double> seconds = end.time - begin.time;
    return {{"bytes", all},
            {"counted_bytes", end.bytes - begin.bytes},
            {"counted_seconds", seconds.count()}};
}

json send_all(const std::vector<UniqueFd>& streams, const Phases& phases) {
    const auto end = steady_clock::now() + phases.sending();
    std::vector<Count> counts(streams.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < counts.size(); ++i)
        threads.emplace_back([&, i] { send(streams[i], end, counts[i]); });
    for (std::thread& thread : threads)
        thread.join();
    return {{"sent", sum(counts)}};
}

}  // namespace

Result<json> listen_tcp(Channel& channel, const Endpoint& at, const TcpPlan& plan) {
    auto listener = bound_socket(SOCK_STREAM, at);
    if (!listener) return listener.error();
    if (::listen(listener->get(), SOMAXCONN) != 0) return Error{errno, "listen", "", ""};
    if (!channel.send({{"port", port_of(*listener)}})) return Error{EPIPE, "send", "port", ""};
    const auto streams = accept_all(*listener, plan.streams);
    if (!streams) return streams.error();
    return plan.is_reverse ? send_all(*streams, plan.phases) : receive_all(*streams, plan.phases);
}

Result<json> call_tcp(const Endpoint& to, const TcpPlan& plan) {
    std::vector<UniqueFd> streams;
    while (streams.size() < plan.streams) {
        auto stream = connected_socket(SOCK_STREAM, to);
        if (!stream) return stream.error();
        streams.push_back(*std::move(stream));
    }
    return plan.is_reverse ? receive_all(streams, plan.phases) : send_all(streams, plan.phases);
}

}  // namespace wgns::bench
