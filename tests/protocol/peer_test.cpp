#include "protocol/peer.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

using std::chrono_literals::operator""s;

constexpr TimePoint born{1000s};

std::unique_ptr<Session> session(bool is_initiator) {
    return std::make_unique<Session>(SessionKeys{{}, {}, 1, 2, is_initiator}, born);
}

struct PeerTest : ::testing::Test {
    Peer peer{PublicKey{}, 0};
};

TEST_F(PeerTest, ANewOneKnowsNothing) {
    EXPECT_EQ(peer.sending_session(born), nullptr);
    EXPECT_FALSE(peer.endpoint.is_set());
    EXPECT_TRUE(peer.last_handshake_sent.is_never());
    EXPECT_EQ(peer.last_handshake, WallTime{});
    EXPECT_TRUE(peer.staged.empty());
    EXPECT_FALSE(peer.is_queued());
}

TEST_F(PeerTest, AnInitiatorSendsAtOnce) {
    static_cast<void>(peer.keypairs.install(session(true)));
    EXPECT_EQ(peer.sending_session(born), peer.keypairs.current());
}

TEST_F(PeerTest, C26_AResponderSendsNothingBeforeItsSessionIsConfirmed) {
    static_cast<void>(peer.keypairs.install(session(false)));
    EXPECT_EQ(peer.sending_session(born), nullptr);
    Session& next = *peer.keypairs.next();
    Keypairs::Retired retired;
    ASSERT_TRUE(peer.keypairs.confirm(next, retired));
    EXPECT_EQ(peer.sending_session(born), &next);
}

TEST_F(PeerTest, C32_NothingIsSentUnderAnOldKey) {
    static_cast<void>(peer.keypairs.install(session(true)));
    EXPECT_NE(peer.sending_session(born + 180s - Duration(1)), nullptr);
    EXPECT_EQ(peer.sending_session(born + 180s), nullptr);
}

TEST_F(PeerTest, C32_NothingIsSentForWhichThereAreTooFewCounters) {
    static_cast<void>(peer.keypairs.install(session(true)));
    peer.keypairs.current()->next_counter = limits::reject_after_messages - 3;
    EXPECT_NE(peer.sending_session(born, 3), nullptr);
    EXPECT_EQ(peer.sending_session(born, 4), nullptr);
}

// The previous session is there to receive under.
TEST_F(PeerTest, OnlyTheCurrentSessionSends) {
    static_cast<void>(peer.keypairs.install(session(true)));
    static_cast<void>(peer.keypairs.install(session(true)));
    ASSERT_NE(peer.keypairs.previous(), nullptr);
    peer.keypairs.current()->next_counter = limits::reject_after_messages;
    EXPECT_EQ(peer.sending_session(born), nullptr);
}

}  // namespace
}  // namespace wgns
