// Everything that the device knows of one peer.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/ip_address.h"
#include "crypto/secret_pages.h"
#include "protocol/cookie.h"
#include "protocol/deadline_queue.h"
#include "protocol/handshake.h"
#include "protocol/keypairs.h"
#include "protocol/staged.h"
#include "protocol/timers.h"

namespace wgns {

// Owned by the Device, at one place for all its life.
class Peer : public DeadlineHook, public InSecretPages {
public:
    Peer(const PublicKey& key, std::uint64_t number)
        : public_key(key), sequence(number), stamper(key) {}

    const PublicKey public_key;
    const std::uint64_t sequence;  // order of creation
    Handshake handshake;
    MacStamper stamper;
    Keypairs keypairs;
    Timers timers;
    StagedPackets staged;
    Endpoint endpoint;                   // not set: unknown
    std::uint64_t sent_bytes = 0;        // on the wire, with all that WireGuard adds
    std::uint64_t received_bytes = 0;    // authentic ones
    WallTime last_handshake;             // zero: never
    TimePoint last_handshake_sent;       // initiation or response; "never": may send at once
    bool rekeyed_before_expiry = false;  // once a session, however much comes in its last seconds
    bool is_ready = false;               // in the device's list of peers with packets to send

    // Null: no session may carry `count` datagrams now.
    [[nodiscard]] Session* sending_session(TimePoint now, std::uint64_t count = 1) const noexcept {
        Session* const session = keypairs.current();
        return session && session->may_send(now, count) ? session : nullptr;
    }
};

}  // namespace wgns
