// What one turn of a worker's loop carries from the I/O through the stages and back. The I/O owns
// the received bytes and lends them for the turn; whatever the stages want written points into
// them.
#pragma once

#include <sys/uio.h>

#include <array>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "dataplane/virtio_header.h"
#include "protocol/drop.h"
#include "protocol/session.h"
#include "protocol/train.h"

namespace wgns {

// One TUN read: a virtio-net header, and the inner packet or superpacket behind it.
struct TunFrame {
    MutableBytes bytes;
};

// One UDP receive: datagrams of one size from one sender, back to back; the last may be shorter.
struct ReceivedTrain {
    Endpoint from;
    std::uint8_t tos = 0;
    std::uint32_t segment_size = 0;
    MutableBytes bytes;
    std::uint32_t overflows = 0;  // datagrams that the kernel had dropped until then, per socket
};

// One gathered TUN write: `count` pieces of Turn::pieces from `first`, a virtio-net header first.
struct TunWrite {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
};

struct Turn {
    static constexpr std::size_t frames_max = 64;  // TUN reads
    static constexpr std::size_t trains_max = 64;  // UDP receives
    // Trains: two a TUN read (a superpacket may be larger than a train), and answers.
    static constexpr std::size_t sends_max = 2 * frames_max + 32;
    // Datagrams that one receive may stand for: as many as a train may have, see Train.
    static constexpr std::size_t segments_max = 128;
    static constexpr std::size_t writes_max = trains_max * segments_max;
    // Received bytes with which a turn is large enough. What has arrived behind them waits for the
    // next one, so that what came first leaves first: half a millisecond of work.
    static constexpr std::size_t bytes_enough = 256 * 1024;

    Turn();

    std::vector<TunFrame> from_tun;
    std::vector<ReceivedTrain> from_udp;
    std::size_t received_bytes = 0;
    Outbox to_udp;
    std::vector<TunWrite> to_tun;
    std::vector<iovec> pieces;  // never reallocated, like the headers that they point to
    std::vector<std::array<std::uint8_t, VirtioHeader::size>> headers;
    SessionPins pins;           // what the AEAD is working on
    bool has_commands = false;  // the mailbox was posted to
    DropCounters drops;         // of this turn; the worker adds them up

    void receive(TunFrame frame) {
        received_bytes += frame.bytes.size();
        from_tun.push_back(frame);
    }
    void receive(const ReceivedTrain& train) {
        received_bytes += train.bytes.size();
        count_overflows(train);
        from_udp.push_back(train);
    }
    [[nodiscard]] bool has_enough() const noexcept { return received_bytes >= bytes_enough; }
    // Small packets and many of them, which may gather for a moment before the next turn. Not while
    // there is a superpacket among them: a stream must not wait for a stranger's junk.
    [[nodiscard]] bool is_flood() const noexcept;
    // Whether one more packet fits.
    [[nodiscard]] bool has_room() const noexcept { return pieces.size() + 2 <= pieces.capacity(); }
    // One packet or superpacket for the TUN device: its bytes in order, in received buffers of this
    // turn. At most writes_max packets a turn, however they are gathered.
    void write_tun(const VirtioHeader& header, std::span<const iovec> packet);
    void clear_received() noexcept;

private:
    void count_overflows(const ReceivedTrain& train) noexcept;

    std::array<std::uint32_t, 2> overflows_{};  // of the socket of each family, counted until now
};

}  // namespace wgns
