#include "protocol/session.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

using std::chrono_literals::operator""s;

constexpr TimePoint born{1000s};

Session session(bool is_initiator) {
    return {SessionKeys{{}, {}, 1, 2, is_initiator}, born};
}

TEST(Session, NothingIsSentOrReceivedUnderAKeyOf180Seconds) {
    const Session one = session(true);
    EXPECT_TRUE(one.may_send(born + 179s));
    EXPECT_FALSE(one.may_send(born + 180s));
    EXPECT_TRUE(one.may_receive(born + 179s));
    EXPECT_FALSE(one.may_receive(born + 180s));
}

TEST(Session, CountersEndBeforeTheyRepeat) {
    Session one = session(true);
    one.next_counter = limits::reject_after_messages - 1;
    EXPECT_TRUE(one.may_send(born));
    EXPECT_FALSE(one.may_send(born, 2));
    EXPECT_EQ(one.draw_counters(1), limits::reject_after_messages - 1);
    EXPECT_FALSE(one.may_send(born));
    EXPECT_FALSE(one.may_send(born, UINT64_MAX));
}

TEST(Session, OnlyTheInitiatorRenewsByAge) {
    EXPECT_FALSE(session(true).wants_rekey_on_send(born + 120s));
    EXPECT_TRUE(session(true).wants_rekey_on_send(born + 121s));
    EXPECT_FALSE(session(false).wants_rekey_on_send(born + 179s));
    EXPECT_FALSE(session(true).wants_rekey_on_receive(born + 165s));
    EXPECT_TRUE(session(true).wants_rekey_on_receive(born + 166s));
    EXPECT_FALSE(session(false).wants_rekey_on_receive(born + 179s));
}

TEST(Session, EitherSideRenewsByCount) {
    Session one = session(false);
    one.next_counter = limits::rekey_after_messages;
    EXPECT_FALSE(one.wants_rekey_on_send(born));
    ++one.next_counter;
    EXPECT_TRUE(one.wants_rekey_on_send(born));
}

TEST(Session, CountersAreDrawnForAWholeTrain) {
    Session one = session(true);
    EXPECT_EQ(one.draw_counters(45), 0u);
    EXPECT_EQ(one.draw_counters(1), 45u);
    EXPECT_EQ(one.next_counter, 46u);
}

TEST(SessionPins, ASessionIsPinnedUntilTheBatchIsDone) {
    Session one = session(true), other = session(true);
    SessionPins batch, other_batch;
    for (Session* const each : {&one, &one, &other, &one})
        batch.add(*each);
    other_batch.add(one);
    EXPECT_GE(one.pins, 2u);
    batch.release();
    EXPECT_EQ(one.pins, 1u);
    EXPECT_EQ(other.pins, 0u);
    other_batch.release();
    EXPECT_EQ(one.pins, 0u);
}

}  // namespace
}  // namespace wgns
