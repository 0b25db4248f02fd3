// Two devices that know each other, their worlds in memory, and packets and datagrams for them made
// by hand.
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/aead.h"
#include "dataplane/shared_device.h"
#include "dataplane/turn.h"
#include "tests/sim/host.h"

namespace wgns {

using ByteVector = std::vector<std::uint8_t>;

// An outer address, 192.0.2.number:51820.
[[nodiscard]] Endpoint outer_endpoint(std::uint8_t number);
// A UDP packet of IPv4, `size` bytes in all, from 10.0.0.from to 10.0.0.to. Its payload counts up.
[[nodiscard]] ByteVector packet_between(std::uint8_t from, std::uint8_t to, std::size_t size);
// As a TUN read: the header, then the packet.
[[nodiscard]] ByteVector frame_of(const ByteVector& packet, const VirtioHeader& header = {});
// A TUN read that TCP's segmentation was left for, of `payload` bytes in steps of `gso_size`.
[[nodiscard]] ByteVector tcp_frame(std::uint8_t from, std::uint8_t to, std::size_t payload,
                                   std::uint16_t gso_size);

struct SentDatagram {
    Endpoint to;
    ByteVector bytes;
};
// Empties the outbox and cuts its trains up.
[[nodiscard]] std::vector<SentDatagram> take_sent(Outbox& outbox);

// What the other side makes of a datagram's text, or what it would send. `text` may be empty.
[[nodiscard]] ByteVector seal_data(const Session& session, std::uint64_t counter, Bytes text);
[[nodiscard]] std::optional<ByteVector> open_data(const Session& session, Bytes datagram);

// The identity and configuration of one side, posted to a Device.
[[nodiscard]] DeviceChange introduce(const PrivateKey& own, const PublicKey& other,
                                     std::uint8_t other_number);

class DevicePair {
public:
    struct Side {
        explicit Side(std::uint8_t side_number)
            : number(side_number), entropy(side_number), shared(entropy), outbox(32) {}

        // Everything that it has sent since.
        [[nodiscard]] std::vector<SentDatagram> sent() { return take_sent(outbox); }
        [[nodiscard]] Peer& peer() { return *shared.hold()->route(other_inner()); }
        // In use for sending; must exist.
        [[nodiscard]] Session& session() { return *peer().keypairs.current(); }
        [[nodiscard]] IpAddress other_inner() const;

        std::uint8_t number;
        SeededEntropy entropy;
        SharedDevice shared;
        Outbox outbox;
    };

    // They know each other's keys, inner addresses and endpoints, and have no session.
    DevicePair();
    // A handshake that `a` begins, and what confirms it.
    void connect();
    // The parts of it: handshake messages of one side given to the other.
    void carry(Side& from, Side& to);
    [[nodiscard]] Moment moment() const { return clock.moment(); }

    sim::SimClock clock;
    Side a{1};
    Side b{2};
};

}  // namespace wgns
