// A WireGuard device without its I/O: identity, peers, sessions, handshakes and timers. Time,
// randomness and the outbox are parameters. One thread at a time.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "crypto/random.h"
#include "protocol/allowed_ips.h"
#include "protocol/cookie.h"
#include "protocol/deadline_queue.h"
#include "protocol/device_change.h"
#include "protocol/device_snapshot.h"
#include "protocol/drop.h"
#include "protocol/index_table.h"
#include "protocol/messages.h"
#include "protocol/peer.h"
#include "protocol/peer_table.h"
#include "protocol/rate_limiter.h"
#include "protocol/train.h"

namespace wgns {

// What a receiver index stands for: a session, or the peer's handshake while that has none.
struct IndexOwner {
    Session* session = nullptr;
    Peer* peer = nullptr;
};

// What a handshake message showed when it was let in. `taken`: a cookie reply, which needs no more.
enum class Admission : std::uint8_t { taken, by_mac1, by_cookie };

class Device {
public:
    // `entropy` outlives the device.
    explicit Device(Entropy& entropy);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    // --- configuration (device.cpp) ---

    // As UAPI's `set` means it; ports and marks are the caller's affair. A peer with our own key is
    // ignored. False: there was no room for all of its peers (limits::peers_max); the rest is
    // applied.
    [[nodiscard]] bool apply(DeviceChange change, Moment moment, Outbox& outbox);
    [[nodiscard]] DeviceSnapshot snapshot() const;
    // The interface's, which bounds padding.
    [[nodiscard]] std::uint32_t mtu() const noexcept { return mtu_; }
    void set_mtu(std::uint32_t mtu) noexcept { mtu_ = mtu; }
    // The sockets or their marks changed: the kernel chooses the local addresses anew.
    void forget_sources() noexcept;
    // The interface went down: keys, handshakes, timers and staged packets are forgotten, and
    // nothing is sent or answered. Peers and their latest time stamps stay.
    void link_down(DropCounters& drops);
    // It came up, as it is at first: persistent keepalives begin at once, not after their interval,
    // and initiations of the last moment (limits::early_initiation_life) are answered.
    void link_up(Moment moment, Outbox& outbox);

    // --- data (device.cpp) ---

    // Null: no peer is allowed this address.
    [[nodiscard]] Peer* route(const IpAddress& address) const noexcept {
        return allowed_ips_.find(address);
    }
    // Null: no session of ours has this index. Valid until end_turn, or as long as it is pinned.
    [[nodiscard]] Session* find_session(std::uint32_t receiver) noexcept;
    // A packet was staged: starts a handshake, once 5 s have passed since the last one.
    void want_session(Peer& peer, Moment moment, Outbox& outbox);
    // Data (not a keepalive) leaves under the current session.
    void data_sent(Peer& peer, Moment moment, Outbox& outbox);
    // Authentic datagrams came under a session that is not retired, and none was a replay.
    // `has_data`: not only keepalives.
    void data_received(Session& session, const Endpoint& from, bool has_data, Moment moment,
                       Outbox& outbox);
    // Takes the next peer whose staged packets may go now, or null.
    [[nodiscard]] Peer* next_ready() noexcept;

    // --- handshakes (device_handshake.cpp) ---

    // Anything but data, as soon as it has come: what has no business here is told by a hash or two
    // and waits for nothing. Under load that is all without a cookie, which is answered by one.
    // `backlog`: how many wait that were let in, this one included.
    [[nodiscard]] Verdict<Admission> admit(Bytes message, const Endpoint& from, std::size_t backlog,
                                           Moment moment, Outbox& outbox);
    // What was let in, when its turn has come. If there is load since, mac1 is no longer enough.
    [[nodiscard]] Verdict<Done> consume(Bytes message, const Endpoint& from, Admission admission,
                                        Moment moment, Outbox& outbox);
    // Both at once.
    [[nodiscard]] Verdict<Done> admit_and_consume(Bytes message, const Endpoint& from,
                                                  std::size_t backlog, Moment moment,
                                                  Outbox& outbox);

    // --- time (device.cpp) ---

    // "Never": nothing is due before something else happens.
    [[nodiscard]] TimePoint next_deadline() const noexcept { return deadlines_.next_deadline(); }
    void expire(Moment moment, Outbox& outbox, DropCounters& drops);
    // Frees the retired sessions that no batch names any more, and lets cookies be sent again.
    void end_turn() noexcept;

private:
    void keep_early(Bytes message, const Endpoint& from, TimePoint now);
    void consume_early(Moment moment, Outbox& outbox);
    struct EarlyInitiation {
        std::array<std::uint8_t, initiation_size> message;
        Endpoint from;
        TimePoint at;
    };
    [[nodiscard]] Peer* make_peer(const PublicKey& key);
    [[nodiscard]] bool set_private_key(PrivateKey key);  // false: it is the same again
    [[nodiscard]] bool apply_all(DeviceChange& change, Moment moment, Outbox& outbox);
    [[nodiscard]] bool apply(PeerChange& change, Moment moment, Outbox& outbox);
    void remove_peer(Peer& peer);
    void begin(Peer& peer, Moment moment, Outbox& outbox);

    [[nodiscard]] std::optional<Drop> refuse_all(Bytes message, const Endpoint& from,
                                                 TimePoint now);
    [[nodiscard]] Drop demand_cookie(Bytes message, const Endpoint& from, TimePoint now,
                                     Outbox& outbox);
    [[nodiscard]] Verdict<Done> consume_admitted(Bytes message, const Endpoint& from, Moment moment,
                                                 Outbox& outbox);
    [[nodiscard]] Verdict<Done> consume_initiation(const InitiationView& view, const Endpoint& from,
                                                   Moment moment, Outbox& outbox);
    [[nodiscard]] Verdict<Done> consume_response(const ResponseView& view, const Endpoint& from,
                                                 Moment moment, Outbox& outbox);
    [[nodiscard]] Verdict<Done> consume_cookie(const CookieReplyView& view, Moment moment);

    void send_initiation(Peer& peer, Moment moment, Outbox& outbox);
    void send_keepalive(Peer& peer, Moment moment, Outbox& outbox);
    void send_handshake(Peer& peer, MutableBytes message, Moment moment, Outbox& outbox);
    void keep_key_fresh(Peer& peer, Moment moment, Outbox& outbox);
    void install(Peer& peer, SessionKeys keys, TimePoint now);
    void authenticated(Peer& peer, const Endpoint& from, TimePoint now);
    void abandon_handshake(Peer& peer) noexcept;
    void wipe_keys(Peer& peer) noexcept;
    void retire(Keypairs::Retired retired) noexcept;
    void mark_ready(Peer& peer);
    void reschedule(Peer& peer);
    [[nodiscard]] Tai64n next_stamp(WallTime wall) noexcept;
    [[nodiscard]] Duration jitter() noexcept;

    Entropy& entropy_;
    std::optional<StaticIdentity> identity_;  // none: every handshake is ignored
    std::optional<MacChecker> checker_;
    RateLimiter handshake_limiter_;
    RateLimiter cookie_limiter_;
    TimePoint under_load_until_;
    std::size_t cookies_of_turn_ = 0;
    Tai64n last_stamp_;  // never sent twice and never going back, whatever the wall clock does
    std::uint64_t next_sequence_ = 0;
    std::uint32_t mtu_ = 1420;
    bool is_up_ = true;
    std::deque<EarlyInitiation> early_;  // that came while the interface was down
    AllowedIps allowed_ips_;
    IndexTable<IndexOwner> indices_;
    PeerTable peers_;
    DeadlineQueue<Peer> deadlines_;  // dies before the peers it names
    std::vector<Peer*> ready_;
    std::vector<std::unique_ptr<Session>>
        retired_;  // out of reach, but a batch may still name them
};

}  // namespace wgns
