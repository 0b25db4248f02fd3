// One keypair of a finished handshake and everything that lives as long as it does
// (whitepaper 5.4.5, 5.4.6).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "crypto/secret.h"
#include "crypto/secret_pages.h"
#include "protocol/handshake.h"
#include "protocol/limits.h"
#include "protocol/replay_window.h"

namespace wgns {

class Peer;

struct Session : InSecretPages {
    Session(SessionKeys keys, TimePoint now) noexcept
        : send_key(std::move(keys.send)),
          receive_key(std::move(keys.receive)),
          local_index(keys.local_index),
          remote_index(keys.remote_index),
          is_initiator(keys.initiator),
          created(now) {}

    Peer* peer = nullptr;    // whose it is; null once it is retired and carries nothing more
    std::uint32_t pins = 0;  // batches under way that name it; its keys live at least that long
    AeadKey send_key;
    AeadKey receive_key;
    std::uint32_t local_index;   // what the peer writes into its datagrams
    std::uint32_t remote_index;  // what we write into ours
    bool is_initiator;
    TimePoint created;
    std::uint64_t next_counter = 0;
    ReplayWindow window;

    // `count` datagrams. Never once the key is 180 s old or its counters are used up.
    [[nodiscard]] bool may_send(TimePoint now, std::uint64_t count = 1) const noexcept {
        return now - created < limits::reject_after_time &&
               next_counter < limits::reject_after_messages &&
               count <= limits::reject_after_messages - next_counter;
    }
    // The first of `count` counters that nobody else gets; only when so many may be sent.
    [[nodiscard]] std::uint64_t draw_counters(std::uint64_t count) noexcept {
        return std::exchange(next_counter, next_counter + count);
    }
    [[nodiscard]] bool may_receive(TimePoint now) const noexcept {
        return now - created < limits::reject_after_time;
    }
    // Only the initiator renews by age, so that both sides do not do it at once (whitepaper 6.2).
    [[nodiscard]] bool wants_rekey_on_send(TimePoint now) const noexcept {
        return next_counter > limits::rekey_after_messages ||
               (is_initiator && now - created > limits::rekey_after_time);
    }
    [[nodiscard]] bool wants_rekey_on_receive(TimePoint now) const noexcept {
        return is_initiator && now - created > limits::reject_after_time -
                                                   limits::keepalive_timeout -
                                                   limits::rekey_timeout;
    }
};

// The sessions that a batch names while others may have the device: retired meanwhile, they carry
// nothing more, but their keys stay until the batch is done. Used only by whoever has the device.
class SessionPins {
public:
    SessionPins() = default;
    SessionPins(const SessionPins&) = delete;
    SessionPins& operator=(const SessionPins&) = delete;
    ~SessionPins() { WG_ASSERT(sessions_.empty()); }

    void add(Session& session) {
        if (!sessions_.empty() && sessions_.back() == &session) return;
        ++session.pins;
        sessions_.push_back(&session);
    }
    void release() noexcept {
        for (Session* const session : sessions_)
            --session->pins;
        sessions_.clear();
    }

private:
    std::vector<Session*> sessions_;
};

}  // namespace wgns
