// Why a packet died. One counter for each reason; nothing is said to the sender (whitepaper 5.1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace wgns {

enum class Drop : std::uint8_t {
    // Datagrams.
    receive_queue_full,  // by the kernel: the socket's queue was full
    truncated_datagram,  // longer than any buffer
    not_wireguard,       // no message type has this size or these first four bytes
    unknown_index,       // the receiver's index is not one of ours; handshakes too
    expired_session,
    bad_tag,  // not authentic; handshakes too
    replayed_packet,
    not_ip,      // neither IPv4 nor IPv6, or cut short; from the TUN too
    bad_source,  // the inner source is not among the sender's allowed IPs
    // Handshake messages and cookie replies.
    handshake_backlog_full,
    link_down,       // the interface is down
    no_private_key,  // the device has no identity yet
    bad_mac1,
    cookie_demanded,      // valid mac1 without mac2 under load: answered with a cookie
    rate_limited,         // one source asks too often while under load
    bad_point,            // Diffie-Hellman with a point of low order
    unknown_peer,         // an authentic static key that is nobody's
    own_key,              // the static key is ours
    replayed_initiation,  // its time stamp is not after the last one
    initiation_flood,     // too soon after the last one of this peer
    unexpected_response,  // no initiation waits for it
    unexpected_cookie,    // no mac1 waits for it, or it is not authentic
    no_index,             // no receiver index is free
    // Packets from the TUN, and what leaves because of them.
    bad_virtio_header,
    no_peer,  // nobody's allowed IPs hold the destination
    no_endpoint,
    staged_overflow,
    staged_expired,  // no session came to be in time
    too_big,
    no_buffer,
    send_failed,
    tun_write_failed,
};

inline constexpr std::size_t drop_count = static_cast<std::size_t>(Drop::tun_write_failed) + 1;

// As the enumerator is spelled: a word for status and metrics. Lives for ever.
[[nodiscard]] std::string_view drop_name(Drop reason) noexcept;

// What handling a packet returns: a value, or the reason to drop it.
template <class T>
using Verdict = Result<T, Drop>;

// How many packets died of what. One thread; others get copies.
class DropCounters {
public:
    void count(Drop reason, std::uint64_t packets = 1) noexcept {
        counts_[static_cast<std::size_t>(reason)] += packets;
    }
    DropCounters& operator+=(const DropCounters& other) noexcept {
        for (std::size_t i = 0; i < drop_count; ++i)
            counts_[i] += other.counts_[i];
        return *this;
    }
    [[nodiscard]] std::uint64_t operator[](Drop reason) const noexcept {
        return counts_[static_cast<std::size_t>(reason)];
    }

private:
    std::array<std::uint64_t, drop_count> counts_{};
};

}  // namespace wgns
