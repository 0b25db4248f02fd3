#include "protocol/timers.h"

#include <utility>

#include "protocol/limits.h"

namespace wgns {

void Timers::initiation_sent(TimePoint sent_at, Duration jitter) noexcept {
    if (unanswered_since_.is_never()) unanswered_since_ = sent_at;
    at(Timer::retransmit) = sent_at + limits::rekey_timeout + jitter;
}

void Timers::handshake_over() noexcept {
    disarm(Timer::retransmit);
    unanswered_since_ = {};
    attempts_ = 0;
}

void Timers::session_derived(TimePoint now) noexcept {
    at(Timer::wipe_keys) = now + 3 * limits::reject_after_time;
}

// Counts from the first packet that nobody has answered: later ones do not push it away.
void Timers::data_sent(TimePoint now, Duration jitter) noexcept {
    if (is_armed(Timer::new_handshake)) return;
    at(Timer::new_handshake) = now + limits::keepalive_timeout + limits::rekey_timeout + jitter;
}

void Timers::data_received(TimePoint now) noexcept {
    if (is_armed(Timer::keepalive))
        another_keepalive_ = true;
    else
        at(Timer::keepalive) = now + limits::keepalive_timeout;
}

void Timers::authentic_sent() noexcept {
    disarm(Timer::keepalive);
    another_keepalive_ = false;
}

void Timers::authentic_received() noexcept {
    disarm(Timer::new_handshake);
}

void Timers::authentic_traversed(TimePoint now) noexcept {
    if (persistent_seconds_ != 0)
        at(Timer::persistent) = now + std::chrono::seconds(persistent_seconds_);
}

void Timers::set_persistent_keepalive(std::uint16_t seconds, TimePoint now) noexcept {
    if (seconds == persistent_seconds_) return;
    persistent_seconds_ = seconds;
    disarm(Timer::persistent);
    authentic_traversed(now);
}

void Timers::stop() noexcept {
    deadlines_ = {};
    unanswered_since_ = {};
    attempts_ = 0;
    another_keepalive_ = false;
}

bool Timers::take_due(Timer timer, TimePoint now) noexcept {
    if (!is_armed(timer) || now < at(timer)) return false;
    disarm(timer);
    return true;
}

DueActions Timers::expire(TimePoint now) noexcept {
    DueActions due;
    if (take_due(Timer::retransmit, now)) {
        due.forget_source = true;
        if (attempts_ > limits::max_timer_handshakes) {
            due.give_up = true;
            disarm(Timer::keepalive);
            if (!is_armed(Timer::wipe_keys)) session_derived(now);
        } else {
            ++attempts_;
            due.retry_handshake = true;
        }
    }
    if (take_due(Timer::keepalive, now)) {
        due.send_keepalive = true;
        due.another_keepalive = std::exchange(another_keepalive_, false);
    }
    if (take_due(Timer::new_handshake, now)) due.start_handshake = due.forget_source = true;
    if (take_due(Timer::wipe_keys, now)) due.wipe_keys = true;
    if (take_due(Timer::persistent, now)) due.send_keepalive = true;
    return due;
}

TimePoint Timers::next_deadline() const noexcept {
    TimePoint earliest;
    for (const TimePoint deadline : deadlines_)
        if (!deadline.is_never() && (earliest.is_never() || deadline < earliest))
            earliest = deadline;
    return earliest;
}

}  // namespace wgns
