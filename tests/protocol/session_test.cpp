#include "protocol/session.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

using std::chrono_literals::operator""s;

constexpr TimePoint created{1000s};

Session session_of(bool is_initiator) {
    return {SessionKeys{{}, {}, 1, 2, is_initiator}, created};
}

TEST(Session, NothingIsSentOrReceivedUnderAKeyOf180Seconds) {
    const Session one = session_of(true);
    EXPECT_TRUE(one.may_send(created + 179s));
    EXPECT_FALSE(one.may_send(created + 180s));
    EXPECT_TRUE(one.may_receive(created + 179s));
    EXPECT_FALSE(one.may_receive(created + 180s));
}

TEST(Session, CountersEndBeforeTheyRepeat) {
    Session one = session_of(true);
    one.next_counter = limits::reject_after_messages - 1;
    EXPECT_TRUE(one.may_send(created));
    EXPECT_FALSE(one.may_send(created, 2));
    EXPECT_EQ(one.draw_counters(1), limits::reject_after_messages - 1);
    EXPECT_FALSE(one.may_send(created));
    EXPECT_FALSE(one.may_send(created, UINT64_MAX));
}

TEST(Session, OnlyTheInitiatorRenewsByAge) {
    EXPECT_FALSE(session_of(true).wants_rekey_on_send(created + 120s));
    EXPECT_TRUE(session_of(true).wants_rekey_on_send(created + 121s));
    EXPECT_FALSE(session_of(false).wants_rekey_on_send(created + 179s));
    EXPECT_FALSE(session_of(true).wants_rekey_on_receive(created + 165s));
    EXPECT_TRUE(session_of(true).wants_rekey_on_receive(created + 166s));
    EXPECT_FALSE(session_of(false).wants_rekey_on_receive(created + 179s));
}

TEST(Session, EitherSideRenewsByCount) {
    Session one = session_of(false);
    one.next_counter = limits::rekey_after_messages;
    EXPECT_FALSE(one.wants_rekey_on_send(created));
    ++one.next_counter;
    EXPECT_TRUE(one.wants_rekey_on_send(created));
}

TEST(Session, CountersAreDrawnForAWholeTrain) {
    Session one = session_of(true);
    EXPECT_EQ(one.draw_counters(45), 0u);
    EXPECT_EQ(one.draw_counters(1), 45u);
    EXPECT_EQ(one.next_counter, 46u);
}

TEST(SessionPins, ASessionIsPinnedUntilTheBatchIsDone) {
    Session one = session_of(true), other = session_of(true);
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
