#include "cli/bench/ping_pong.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/plan.h"
#include "cli/bench/statistics.h"

namespace wgns::bench {

using nlohmann::json;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr nanoseconds interval = 1ms;
// An answer that comes later than that is lost; where none came at all, the machine is slow.
constexpr nanoseconds answer_patience = 1s;
constexpr nanoseconds first_patience = 5s;
constexpr nanoseconds first_answer_within = 10s;
// The first packet waits for a handshake, in which others wait with it.
constexpr nanoseconds first_interval = 20ms;

// What a request says and its answer repeats: when it left.
struct Stamp {
    std::int64_t left_ns = 0;
    std::array<char, 56> filling{};  // 64 bytes, as ping(8) has
};

// Not those of the kernel's, which would round a millisecond up by a twentieth.
void wake_on_time() noexcept {
    ::prctl(PR_SET_TIMERSLACK, 1);
}

// Whether something can be read before that time.
bool wait_until(int fd, steady_clock::time_point time) {
    const auto left = std::max<nanoseconds>(time - steady_clock::now(), 0ns).count();
    const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
    pollfd one{fd, POLLIN, 0};
    return ::ppoll(&one, 1, &timeout, nullptr) > 0;
}

void ask(int fd, steady_clock::time_point now) {
    const Stamp stamp{now.time_since_epoch().count(), {}};
    // What cannot be sent is a request without an answer.
    static_cast<void>(::send(fd, &stamp, sizeof stamp, MSG_DONTWAIT));
}

// When the request left whose answer came; nothing where none came.
std::optional<steady_clock::time_point> take_answer(int fd) {
    Stamp stamp;
    if (::recv(fd, &stamp, sizeof stamp, MSG_DONTWAIT) != sizeof stamp) return std::nullopt;
    return steady_clock::time_point(nanoseconds(stamp.left_ns));
}

class Latencies {
public:
    Latencies(steady_clock::time_point begin, steady_clock::time_point end)
        : begin_(begin), end_(end) {}

    void asked(steady_clock::time_point left) { asked_ += is_counted(left) ? 1U : 0U; }
    void answered(steady_clock::time_point left) {
        const std::chrono::duration<double> taken = steady_clock::now() - left;
        if (is_counted(left)) seconds_.push_back(taken.count());
    }
    [[nodiscard]] bool is_empty() const { return seconds_.empty(); }
    [[nodiscard]] bool is_complete() const { return seconds_.size() == asked_; }
    [[nodiscard]] json value() {
        json value{{"asked", asked_}, {"answered", seconds_.size()}};
        std::sort(seconds_.begin(), seconds_.end());
        if (!seconds_.empty())
            for (const Percentile& each : latency_percentiles())
                value[each.part] = percentile(seconds_, each.share);
        return value;
    }

private:
    [[nodiscard]] bool is_counted(steady_clock::time_point left) const {
        return left >= begin_ && left < end_;
    }
    steady_clock::time_point begin_;
    steady_clock::time_point end_;
    std::size_t asked_ = 0;
    std::vector<double> seconds_;
};

}  // namespace

Result<json> echo(Channel& channel, const Endpoint& at) {
    const auto socket = bound_socket(SOCK_DGRAM, at);
    if (!socket) return socket.error();
    if (!channel.send({{"port", port_of(*socket)}})) return Error{EPIPE, "send", "port", ""};
    std::array<char, 2048> datagram{};
    for (;;) {
        std::array<pollfd, 2> both{pollfd{socket->get(), POLLIN, 0},
                                   pollfd{channel.fd(), POLLIN, 0}};
        if (::poll(both.data(), both.size(), -1) < 0 && errno != EINTR)
            return Error{errno, "poll", "", ""};
        if (both[1].revents != 0) {
            static_cast<void>(channel.receive());
            return json::object();
        }
        sockaddr_storage from{};
        socklen_t from_size = sizeof from;
        auto* const sender = reinterpret_cast<sockaddr*>(&from);
        const ssize_t size = ::recvfrom(socket->get(), datagram.data(), datagram.size(),
                                        MSG_DONTWAIT, sender, &from_size);
        if (size >= 0)
            static_cast<void>(::sendto(socket->get(), datagram.data(),
                                       static_cast<std::size_t>(size), 0, sender, from_size));
    }
}

Result<json> ask_in_time(const Endpoint& to, const Phases& phases) {
    const auto socket = connected_socket(SOCK_DGRAM, to);
    if (!socket) return socket.error();
    wake_on_time();
    const auto start = steady_clock::now();
    const auto begin = start + phases.warm_up;
    const auto end = begin + phases.counted;
    Latencies latencies(begin, end);
    for (auto due = start; due < end;) {
        const auto now = steady_clock::now();
        if (now >= due) {
            ask(socket->get(), now);
            latencies.asked(now);
            due += interval;
        } else if (wait_until(socket->get(), due)) {
            if (const auto answered = take_answer(socket->get())) latencies.answered(*answered);
        }
    }
    const auto last = [&] {
        return end + (latencies.is_empty() ? first_patience : answer_patience);
    };
    while (!latencies.is_complete() && wait_until(socket->get(), last()))
        if (const auto answered = take_answer(socket->get())) latencies.answered(*answered);
    return latencies.value();
}

Result<json> ask_until_answered(const Endpoint& to) {
    const auto socket = connected_socket(SOCK_DGRAM, to);
    if (!socket) return socket.error();
    const auto start = steady_clock::now();
    while (steady_clock::now() < start + first_answer_within) {
        const auto now = steady_clock::now();
        ask(socket->get(), now);
        if (!wait_until(socket->get(), now + first_interval) || !take_answer(socket->get()))
            continue;
        const std::chrono::duration<double> at = steady_clock::now().time_since_epoch();
        return json{{"answered_at", at.count()}};
    }
    return Error{ETIMEDOUT, "the first packet", to.to_string(), "nothing passes the tunnel"};
}

}  // namespace wgns::bench
