// The UDP socket of one family: how it is opened, and how a train becomes a message to send and a
// received message a train (udp(7), ip(7), ipv6(7)).
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"
#include "dataplane/turn.h"

namespace wgns {

enum class PortUse { alone, shared };

// A bound, non-blocking socket with the options that the data plane relies on. Port 0: any. With
// PortUse::shared it may be one that share_port was called for.
Result<UniqueFd> open_udp(int family, std::uint16_t port, std::uint32_t fwmark,
                          PortUse use = PortUse::alone);
// From now on other sockets of this user may have the port of `udp` too. What comes from one sender
// always reaches the same of them (socket(7), SO_REUSEPORT).
[[nodiscard]] Status share_port(int udp);
// Datagrams that one UDP_SEGMENT send may have on this kernel (see Train), found out by sending
// some to a nearby port; 1 where it has no UDP_SEGMENT.
[[nodiscard]] std::uint32_t probe_segments_max() noexcept;
// Host order; 0 where it cannot be told.
[[nodiscard]] std::uint16_t local_port(int udp) noexcept;

// Room for what comes beside a received train: its segment size, local address, TOS and overflows.
inline constexpr std::size_t receive_control_size = 128;
// Room for what goes beside a sent one.
inline constexpr std::size_t send_control_size = 128;

// A train as sendmsg(2) takes it. Must not move while it is being sent.
struct SendMessage {
    msghdr header{};
    iovec piece{};
    sockaddr_storage to{};
    alignas(cmsghdr) std::uint8_t control[send_control_size];

    // UDP_SEGMENT where the train has several datagrams, the source address where one is known.
    void set(const Train& train) noexcept;
};

// After sendmsg failed with `error`: sends each datagram by itself where that can help, from an
// address of the kernel's choice where ours may be gone. Returns how many went out.
std::uint32_t resend(int udp, const Train& train, int error) noexcept;

// What recvmsg(2) brought, as a train. `bytes` is the payload; `control` the received control
// messages.
[[nodiscard]] ReceivedTrain read_train(const sockaddr_storage& from, Bytes control,
                                       MutableBytes bytes) noexcept;

}  // namespace wgns
