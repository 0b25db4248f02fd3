// Two Devices without a data plane, on a clock that only the test moves: it carries their
// datagrams, and with data it does what a data plane would.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "crypto/x25519.h"
#include "protocol/device.h"
#include "tests/crypto/seeded_entropy.h"

namespace wgns {

struct TestClock {
    TimePoint now{std::chrono::seconds(1000)};
    WallTime wall{1'700'000'000, 0};

    [[nodiscard]] Moment moment() const noexcept { return {now, wall}; }
    // Both clocks; a test that wants them apart sets `wall` itself.
    void advance(Duration by) noexcept;
};

struct Datagram {
    Endpoint to;
    std::uint8_t tos = 0;
    std::vector<std::uint8_t> bytes;

    // Nothing: it is no WireGuard message.
    [[nodiscard]] std::optional<MessageType> type() const { return classify_message(bytes); }
    [[nodiscard]] bool is_keepalive() const {
        return type() == MessageType::data && bytes.size() == data_overhead;
    }
};

[[nodiscard]] std::size_t count_of(MessageType type, const std::vector<Datagram>& datagrams);

// What others know of a device.
struct Neighbour {
    // Its address is 192.0.2.number, and 10.0.0.number is what peers send to it. The key is zero.
    explicit Neighbour(std::uint8_t number);

    PublicKey key;
    Endpoint address;
    IpAddress inner;
};

// One device and what surrounds it.
struct Side : Neighbour {
    Side(std::uint8_t number, const TestClock& clock);

    // A change that makes `other` a peer, to be completed and applied.
    [[nodiscard]] static PeerChange peer_change(const Neighbour& other, bool knows_endpoint);
    bool apply(PeerChange peer);
    bool apply(DeviceChange change);
    void set_private_key(const PrivateKey& secret);
    [[nodiscard]] Peer& peer(const Neighbour& other) const;
    [[nodiscard]] PeerSnapshot peer_snapshot() const;  // of the only peer

    // As egress: seals a packet of these bytes for the peer, or stages it.
    void send(const Neighbour& other, const std::string& packet);
    // Everything that leaves, staged packets whose session has come included.
    [[nodiscard]] std::vector<Datagram> take();
    // As ingress: what a datagram was dropped for, or nothing.
    std::optional<Drop> receive(const Datagram& datagram, const Endpoint& from,
                                std::size_t backlog = 1);
    void expire() { device.expire(clock.moment(), outbox, drops); }
    // Nothing more leaves until the next take().
    void use_up_outbox();

    const TestClock& clock;
    SeededEntropy entropy;
    Device device{entropy};
    Outbox outbox{16};
    DropCounters drops;
    PrivateKey secret;
    std::vector<std::string> received;  // inner packets

private:
    void seal(Peer& peer, Bytes packet);
    std::optional<Drop> open(const DataView& view, std::size_t size, const Endpoint& from);
};

struct TwoDevices : ::testing::Test {
    TestClock clock;
    Side a{1, clock};
    Side b{2, clock};

    // Each is the other's peer; only `a` knows where the other is.
    void connect();
    // connect, and a handshake that `a` began and confirmed.
    void establish();
    // Carries one side's datagrams over and returns what they were.
    std::vector<Datagram> deliver(Side& from, Side& to);
    // Until nobody has anything left to say.
    void settle();
    // Moves the clock in small steps and lets both talk.
    void run_for(Duration time);
    // Moves the clock in small steps without a word coming through; what `side` said.
    [[nodiscard]] std::vector<Datagram> take_for(Side& side, Duration time);
};

}  // namespace wgns
