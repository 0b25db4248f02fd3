#include "protocol/timers.h"

#include <gtest/gtest.h>

#include "protocol/limits.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

constexpr TimePoint start{1000s};

TEST(Timers, NothingIsDueBeforeAFact) {
    Timers timers;
    EXPECT_TRUE(timers.next_deadline().is_never());
    const DueActions due = timers.expire(start + 10000s);
    EXPECT_FALSE(due.retry_handshake || due.give_up || due.start_handshake || due.send_keepalive ||
                 due.wipe_keys || due.forget_source);
}

TEST(Timers, AnInitiationIsRepeatedEighteenTimesMoreAndThenGivenUp) {
    Timers timers;
    TimePoint now = start;
    timers.initiation_sent(now, 0ms);
    unsigned retries = 0;
    for (;;) {
        now = now + limits::rekey_timeout;
        const DueActions due = timers.expire(now);
        EXPECT_TRUE(due.forget_source);
        if (due.give_up) break;
        ASSERT_TRUE(due.retry_handshake);
        ++retries;
        timers.initiation_sent(now, 0ms);
    }
    EXPECT_EQ(retries, limits::max_timer_handshakes + 1);
    EXPECT_FALSE(timers.handshake_pending());
    // Keys that nobody renews do not live on.
    EXPECT_EQ(timers.next_deadline(), now + 540s);
}

TEST(Timers, JitterDelaysTheRepetition) {
    Timers timers;
    timers.initiation_sent(start, 333ms);
    EXPECT_FALSE(timers.expire(start + 5332ms).retry_handshake);
    EXPECT_TRUE(timers.expire(start + 5333ms).retry_handshake);
}

TEST(Timers, AFinishedHandshakeIsNotRepeated) {
    Timers timers;
    timers.initiation_sent(start, 0ms);
    timers.handshake_over();
    EXPECT_TRUE(timers.next_deadline().is_never());
}

TEST(Timers, SilenceCountsFromTheFirstInitiation) {
    Timers timers;
    EXPECT_TRUE(timers.unanswered_since().is_never());
    timers.initiation_sent(start, 0ms);
    for (TimePoint now = start + 5s; !timers.expire(now).give_up; now = now + 5s)
        timers.initiation_sent(now, 0ms);
    timers.restart_attempts();
    timers.initiation_sent(start + 1000s, 0ms);
    EXPECT_EQ(timers.unanswered_since(), start);
    timers.handshake_over();
    EXPECT_TRUE(timers.unanswered_since().is_never());
    timers.initiation_sent(start + 2000s, 0ms);
    EXPECT_EQ(timers.unanswered_since(), start + 2000s);
    timers.stop();
    EXPECT_TRUE(timers.unanswered_since().is_never());
}

TEST(Timers, UnansweredDataCountsFromTheFirstPacket) {
    Timers timers;
    timers.data_sent(start, 0ms);
    timers.data_sent(start + 14s, 0ms);
    EXPECT_TRUE(timers.expire(start + 15s).start_handshake);
}

TEST(Timers, AnythingAuthenticAnswersData) {
    Timers timers;
    timers.data_sent(start, 0ms);
    timers.authentic_received();
    EXPECT_TRUE(timers.next_deadline().is_never());
}

TEST(Timers, ReceivedDataIsAnsweredByOneKeepaliveAndLaterDataByOneMore) {
    Timers timers;
    timers.data_received(start);
    DueActions due = timers.expire(start + 10s);
    EXPECT_TRUE(due.send_keepalive);
    EXPECT_FALSE(due.another_keepalive);
    EXPECT_TRUE(timers.next_deadline().is_never());
    timers.data_received(start + 20s);
    timers.data_received(start + 21s);
    due = timers.expire(start + 30s);
    EXPECT_TRUE(due.send_keepalive);
    EXPECT_TRUE(due.another_keepalive);
}

TEST(Timers, SendingAnythingIsAnAnswerToo) {
    Timers timers;
    timers.data_received(start);
    timers.authentic_sent();
    EXPECT_TRUE(timers.next_deadline().is_never());
}

TEST(Timers, TheSamePersistentKeepaliveAgainPutsNothingOff) {
    Timers timers;
    timers.set_persistent_keepalive(25, start);
    timers.set_persistent_keepalive(25, start + 20s);
    EXPECT_EQ(timers.next_deadline(), start + 25s);
}

TEST(Timers, PersistentKeepaliveCountsFromTheLastAuthenticPacketEitherWay) {
    Timers timers;
    timers.set_persistent_keepalive(25, start);
    timers.authentic_traversed(start + 20s);
    EXPECT_FALSE(timers.expire(start + 44s).send_keepalive);
    EXPECT_TRUE(timers.expire(start + 45s).send_keepalive);
    timers.set_persistent_keepalive(0, start + 45s);
    EXPECT_TRUE(timers.next_deadline().is_never());
}

TEST(Timers, KeysAreWipedAfterThreeLives) {
    Timers timers;
    timers.session_derived(start);
    EXPECT_FALSE(timers.expire(start + 539s).wipe_keys);
    EXPECT_TRUE(timers.expire(start + 540s).wipe_keys);
}

TEST(Timers, StoppingDisarmsEverything) {
    Timers timers;
    timers.initiation_sent(start, 0ms);
    timers.data_sent(start, 0ms);
    timers.data_received(start);
    timers.session_derived(start);
    timers.stop();
    EXPECT_TRUE(timers.next_deadline().is_never());
}

}  // namespace
}  // namespace wgns
