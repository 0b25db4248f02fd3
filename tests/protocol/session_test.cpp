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
    one.next_counter = limits::reject_after_messages;
    EXPECT_FALSE(one.may_send(born));
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

}  // namespace
}  // namespace wgns
