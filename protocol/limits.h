// The protocol's constants, and a bound on everything that a stranger or a configuration can make
// grow.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace wgns::limits {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// Life of a session and of a handshake (whitepaper 6.1).
inline constexpr Duration rekey_after_time = 120s;
inline constexpr Duration reject_after_time = 180s;
inline constexpr Duration rekey_attempt_time = 90s;
inline constexpr Duration rekey_timeout = 5s;
inline constexpr Duration keepalive_timeout = 10s;
inline constexpr std::uint64_t rekey_after_messages = std::uint64_t{1} << 60;
inline constexpr std::uint64_t reject_after_messages = UINT64_MAX - (std::uint64_t{1} << 13);

// So that two peers that lost each other do not start handshakes in step (kernel messages.h,
// REKEY_TIMEOUT_JITTER_MAX_JIFFIES: a third of a second).
inline constexpr Duration rekey_timeout_jitter_max = 333ms;
// Repetitions of an unanswered initiation (kernel messages.h, MAX_TIMER_HANDSHAKES).
inline constexpr unsigned max_timer_handshakes = 18;
static_assert(max_timer_handshakes == rekey_attempt_time / rekey_timeout);
// Between two initiations consumed from one peer (kernel messages.h, INITIATIONS_PER_SECOND: 50).
inline constexpr Duration initiation_interval_min = 20ms;

// The secret behind our cookies (whitepaper 5.4.7), and how long a cookie received is used: 5 s
// less, for its way here (kernel messages.h, COOKIE_SECRET_LATENCY).
inline constexpr Duration cookie_secret_lifetime = 120s;
inline constexpr Duration cookie_lifetime = 115s;

// Handshakes of one source while under load (kernel ratelimiter.c).
inline constexpr unsigned limiter_handshakes_per_second = 20;
inline constexpr unsigned limiter_burst = 5;
// Between two cookie replies to one port of one source while under load, and how many a turn may
// send. Whoever means it asks once in REKEY_TIMEOUT. To answer is ten times the work of looking at
// a message: a flood from many addresses that is answered in full, even for the tenth of a second
// in which all of them are new, lets the socket's queue overflow, with what comes from others.
inline constexpr Duration cookie_interval_min = 4s;
static_assert(cookie_interval_min < rekey_timeout);
inline constexpr std::size_t cookies_per_turn_max = 8;
// Of each limiter: sources remembered at 16 bytes each, 1 MiB in all (kernel ratelimiter.c keeps as
// many).
inline constexpr std::size_t limiter_entries_max = 65'536;

// Handshake messages let in and waiting for a turn; the rest is dropped, so that a flood costs no
// memory (wireguard-go, QueueHandshakeSize).
inline constexpr std::size_t handshake_backlog_max = 1024;
// Handshakes of one turn: about 3 ms at 180 us each, which is how long a flood may hold up data.
inline constexpr std::size_t handshakes_per_turn_max = 16;
// Under load from this backlog on (an eighth, as in the kernel), and until it was shorter for this
// long (kernel receive.c).
inline constexpr std::size_t under_load_backlog = handshake_backlog_max / 8;
inline constexpr Duration under_load_linger = 1s;

// Initiations that came while the interface was down, and how long they count: a peer whose first
// one is lost asks again only after REKEY_TIMEOUT, and whoever takes the interface up tells us a
// moment after packets can come.
inline constexpr std::size_t early_initiations_max = 16;
inline constexpr Duration early_initiation_life = std::chrono::seconds(1);

// Packets of one peer that wait for its session (kernel messages.h, MAX_STAGED_PACKETS), and their
// bytes: with offloads one "packet" may be a superpacket of 64 KiB.
inline constexpr std::size_t staged_packets_max = 128;
inline constexpr std::size_t staged_bytes_max = std::size_t{256} * 1024;

// Peers of a device (kernel messages.h, MAX_PEERS_PER_DEVICE is 2^20; ours is sized for memory: a
// peer is a few KiB).
inline constexpr std::size_t peers_max = 65'536;
// Of one peer: the handshake under way and the previous, current and next session.
inline constexpr std::size_t indices_max = 4 * peers_max;

}  // namespace wgns::limits
