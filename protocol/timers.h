// The timers of one peer (whitepaper 6.1 to 6.5; kernel timers.c). Callers report facts; only this
// file decides what follows from them, and it says so by returning actions, never by calling back.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"

namespace wgns {

// What is due now. Several may be due at once.
struct DueActions {
    bool retry_handshake = false;  // send the initiation once more
    bool give_up = false;          // no answer: forget the staged packets, be silent until new data
    bool start_handshake = false;  // data went out and nothing came back
    bool send_keepalive =
        false;  // data came in and nothing went out, or the persistent interval is over
    bool another_keepalive = false;  // and data came while that one was waited for
    bool wipe_keys = false;          // no new session for three times the life of one
    bool forget_source = false;      // the local address may be why nothing comes back
};

class Timers {
public:
    // Facts. `jitter` is random, 0 to limits::rekey_timeout_jitter_max.
    // `sent_at`: when the initiation left, or the message after which one may not leave yet.
    void initiation_sent(TimePoint sent_at, Duration jitter) noexcept;
    // A response was consumed, the first data confirmed ours, or our keys are others.
    void handshake_over() noexcept;
    void session_derived(TimePoint now) noexcept;
    // Authentic data, not a keepalive; while it awaits_answer() this changes nothing.
    void data_sent(TimePoint now, Duration jitter) noexcept;
    void data_received(TimePoint now) noexcept;  // authentic data, not a keepalive
    void authentic_sent() noexcept;              // anything authentic, keepalives too
    void authentic_received() noexcept;
    void authentic_traversed(TimePoint now) noexcept;  // either way, handshakes too
    // 0: off. Turning it on does not send by itself.
    void set_persistent_keepalive(std::uint16_t seconds, TimePoint now) noexcept;
    // A handshake has all its attempts before it again whenever there is a new reason for it, data
    // above all (whitepaper 6.4).
    void restart_attempts() noexcept { attempts_ = 0; }
    // The interface went down, or the peer is leaving.
    void stop() noexcept;

    // What is due at `now`; disarms it.
    [[nodiscard]] DueActions expire(TimePoint now) noexcept;
    // TimePoint of the earliest armed timer, or "never".
    [[nodiscard]] TimePoint next_deadline() const noexcept;
    // Data went out and nothing authentic has come since.
    [[nodiscard]] bool awaits_answer() const noexcept { return is_armed(Timer::new_handshake); }
    [[nodiscard]] bool handshake_pending() const noexcept { return is_armed(Timer::retransmit); }
    // When the first initiation since the last handshake left, though all are given up by now;
    // "never": none did.
    [[nodiscard]] TimePoint unanswered_since() const noexcept { return unanswered_since_; }
    [[nodiscard]] std::uint16_t persistent_keepalive_seconds() const noexcept {
        return persistent_seconds_;
    }

private:
    enum class Timer : std::uint8_t { retransmit, keepalive, new_handshake, wipe_keys, persistent };

    TimePoint& at(Timer timer) noexcept { return deadlines_[static_cast<std::size_t>(timer)]; }
    [[nodiscard]] bool is_armed(Timer timer) const noexcept {
        return !deadlines_[static_cast<std::size_t>(timer)].is_never();
    }
    void disarm(Timer timer) noexcept { at(timer) = TimePoint{}; }
    [[nodiscard]] bool take_due(Timer timer, TimePoint now) noexcept;

    std::array<TimePoint, 5> deadlines_{};
    TimePoint unanswered_since_;
    std::uint16_t persistent_seconds_ = 0;
    std::uint8_t attempts_ = 0;  // initiations repeated since the handshake began
    bool another_keepalive_ = false;
};

}  // namespace wgns
