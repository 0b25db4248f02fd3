// What the tests of the statements share: a conversation of two devices, cut into its steps.
#pragma once

#include <gtest/gtest.h>

#include "crypto/aead.h"
#include "protocol/limits.h"
#include "tests/protocol/device_harness.h"

namespace wgns::conformance {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

struct Conversation : TwoDevices {
    static constexpr std::size_t heavy = limits::under_load_backlog;

    // The initiation that `side` sends for a packet to `other`.
    static Datagram initiate(Side& side, const Side& other) {
        side.send(other, "hello");
        return only(side.take(), MessageType::initiation);
    }
    // What `side` answers a message of `from` with.
    static Datagram answer(Side& side, const Datagram& message, const Side& from,
                           std::size_t backlog = 1) {
        side.receive(message, from.address, backlog);
        auto taken = side.take();
        EXPECT_EQ(taken.size(), 1u);
        return taken.empty() ? Datagram{} : std::move(taken.front());
    }
    // The data message that a packet becomes.
    static Datagram data(Side& side, const Side& other, const std::string& packet) {
        side.send(other, packet);
        return only(side.take(), MessageType::data);
    }
    static Datagram only(std::vector<Datagram> taken, MessageType type) {
        EXPECT_EQ(taken.size(), 1u);
        if (taken.size() != 1) return {};
        EXPECT_EQ(taken[0].type(), type);
        return std::move(taken[0]);
    }
    static bool has_initiation(const std::vector<Datagram>& taken) {
        return count_of(MessageType::initiation, taken) != 0;
    }
    static Session& session_of(Side& side, const Side& other) {
        Session* const session = side.peer(other).keypairs.current();
        WG_ASSERT(session != nullptr);
        return *session;
    }
    static void set_keepalive(Side& side, const Side& other, std::uint16_t seconds) {
        PeerChange change = Side::peer_change(other, true);
        change.persistent_keepalive_seconds = seconds;
        side.apply(std::move(change));
    }
    // Both know where the other is.
    void meet() {
        connect();
        b.apply(Side::peer_change(a, true));
    }
    // A handshake that `a` begins because it has data, and data back: nobody waits for anything.
    void talk() {
        a.send(b, "ping");
        settle();
        b.send(a, "pong");
        settle();
    }
    void rekey() {
        clock.advance(limits::rekey_after_time + 1s);
        a.send(b, "rekey");
        settle();
    }
};

}  // namespace wgns::conformance
