#include "cli/bench/handshakes.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/clock.h"
#include "protocol/limits.h"

namespace wgns::bench {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr Duration lost_after = 200ms;
constexpr Duration first_within = 5s;
// What the daemon's clock may differ by.
constexpr Duration interval_min = limits::initiation_interval_min + 2ms;
constexpr int answers_buffer_size = 1 << 20;

class Shaking {
public:
    Shaking(Initiators& initiators, UniqueFd socket, const Phases& phases)
        : initiators_(initiators),
          socket_(std::move(socket)),
          asked_at_(initiators.size()),
          is_waiting_(initiators.size()),
          phases_(phases) {}

    json run() {
        while (clock_.now() < end_) {
            ask();
            pollfd one{socket_.get(), POLLIN, 0};
            // A peer that may not ask again yet is looked at a millisecond later.
            const int ready = ::poll(&one, 1, 1);
            if (ready > 0) take_answers();
            if (clock_.now() - heard_at_ > lost_after) give_up();
        }
        // Where so few are answered that none falls into the counted phase, all of them count.
        const bool has_counted = counted_ > 0;
        const std::chrono::duration<double> seconds =
            has_counted ? phases_.counted : clock_.now() - start_;
        return {{"answered", answered_},
                {"counted", has_counted ? counted_ : answered_},
                {"counted_seconds", seconds.count()}};
    }

private:
    [[nodiscard]] bool is_free(std::size_t peer, TimePoint now) const {
        const TimePoint asked = asked_at_[peer];
        if (asked.is_never()) return true;
        return now - asked > (is_waiting_[peer] ? lost_after : interval_min);
    }
    void ask() {
        const Moment moment = clock_.moment();
        while (on_their_way_ < handshakes_at_once && is_free(initiators_.next(), moment.now)) {
            const std::size_t peer = initiators_.next();
            const InitiationMessage message = initiators_.initiate(moment);
            asked_at_[peer] = moment.now;
            if (!is_waiting_[peer]) ++on_their_way_;
            is_waiting_[peer] = true;
            // What cannot be sent has no answer.
            static_cast<void>(::send(socket_.get(), message.data(), message.size(), 0));
        }
    }
    void take_answers() {
        // No answer is larger than an initiation.
        std::array<std::uint8_t, initiation_size> datagram{};
        for (;;) {
            const ssize_t size =
                ::recv(socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
            if (size < 0) return;
            heard_at_ = clock_.now();
            const auto bytes = Bytes(datagram).first(static_cast<std::size_t>(size));
            if (const auto response = ResponseView::parse(bytes)) {
                if (settle(response->receiver())) count();
            } else if (const auto reply = CookieReplyView::parse(bytes)) {
                initiators_.take_cookie(*reply, heard_at_);
                static_cast<void>(settle(reply->receiver()));
            }
        }
    }
    // False: that peer waits for nothing.
    bool settle(std::size_t peer) {
        if (peer >= is_waiting_.size() || !is_waiting_[peer]) return false;
        is_waiting_[peer] = false;
        --on_their_way_;
        return true;
    }
    void count() {
        if (answered_ == 0) {
            begin_ = heard_at_ + phases_.warm_up;
            end_ = begin_ + phases_.counted;
        }
        ++answered_;
        if (heard_at_ >= begin_ && heard_at_ < end_) ++counted_;
    }
    void give_up() {
        std::fill(is_waiting_.begin(), is_waiting_.end(), false);
        on_their_way_ = 0;
        heard_at_ = clock_.now();
    }

    Initiators& initiators_;
    UniqueFd socket_;
    SystemClock clock_;
    std::vector<TimePoint> asked_at_;
    std::vector<bool> is_waiting_;
    std::size_t on_their_way_ = 0;
    std::uint64_t answered_ = 0;
    std::uint64_t counted_ = 0;
    Phases phases_;
    TimePoint start_ = clock_.now();
    TimePoint begin_;
    TimePoint end_ = start_ + first_within;  // until the first response is there
    TimePoint heard_at_ = start_;
};

}  // namespace

Result<json> shake_hands(Initiators& initiators, const Endpoint& daemon, const Phases& phases) {
    auto socket = connected_socket(SOCK_DGRAM, daemon);
    if (!socket) return socket.error();
    ::setsockopt(socket->get(), SOL_SOCKET, SO_RCVBUF, &answers_buffer_size,
                 sizeof answers_buffer_size);
    return Shaking(initiators, *std::move(socket), phases).run();
}

}  // namespace wgns::bench
