// One keypair of a finished handshake and everything that lives as long as it does
// (whitepaper 5.4.5, 5.4.6).
#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "crypto/secret.h"
#include "protocol/handshake.h"
#include "protocol/limits.h"
#include "protocol/replay_window.h"

namespace wgns {

struct Session {
    Session(SessionKeys keys, TimePoint now) noexcept
        : send_key(std::move(keys.send)),
          receive_key(std::move(keys.receive)),
          local_index(keys.local_index),
          remote_index(keys.remote_index),
          is_initiator(keys.initiator),
          created(now) {}

    AeadKey send_key;
    AeadKey receive_key;
    std::uint32_t local_index;   // what the peer writes into its datagrams
    std::uint32_t remote_index;  // what we write into ours
    bool is_initiator;
    TimePoint created;
    std::uint64_t next_counter = 0;
    ReplayWindow window;

    // Never once the key is 180 s old or its counters are used up.
    [[nodiscard]] bool may_send(TimePoint now) const noexcept {
        return now - created < limits::reject_after_time &&
               next_counter < limits::reject_after_messages;
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

}  // namespace wgns
