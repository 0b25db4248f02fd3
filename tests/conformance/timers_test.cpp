// C34 to C38: what happens when nothing does.
#include "fixture.h"

namespace wgns::conformance {
namespace {

struct Timers : Conversation {
    // When the first initiation leaves `side` in the next 20 s.
    Duration first_initiation(Side& side) {
        for (Duration passed = 10ms; passed < 20s; passed += 10ms) {
            clock.advance(10ms);
            side.expire();
            if (has_initiation(side.take())) return passed;
        }
        return Duration::max();
    }
};

TEST_F(Timers, C34_AnIdleTunnelSendsNothing) {
    meet();
    talk();
    run_for(30s);
    const std::uint64_t before = a.peer_snapshot().sent_bytes + b.peer_snapshot().sent_bytes;
    run_for(900s);
    EXPECT_EQ(a.peer_snapshot().sent_bytes + b.peer_snapshot().sent_bytes, before);
    EXPECT_TRUE(a.device.next_deadline().is_never());
    EXPECT_TRUE(b.device.next_deadline().is_never());
}

TEST_F(Timers, C35_AnUnansweredInitiationIsRepeatedWithJitter) {
    connect();
    Duration least = Duration::max(), most{};
    static_cast<void>(initiate(a, b));
    for (int i = 0; i < 15; ++i) {
        const Duration waited = first_initiation(a);
        least = std::min(least, waited);
        most = std::max(most, waited);
    }
    EXPECT_GE(least, 5s);
    EXPECT_LE(most, 5s + 343ms);
    EXPECT_LT(least, most);
}

TEST_F(Timers, C35_After18To20InitiationsThereIsSilenceUntilNewData) {
    connect();
    a.send(b, "hello");
    const std::size_t sent = 1 + count_of(MessageType::initiation, take_for(a, 300s));
    EXPECT_GE(sent - 1, 18u);
    EXPECT_LE(sent - 1, 20u);
    EXPECT_TRUE(a.peer(b).staged.empty());
    EXPECT_EQ(a.drops[Drop::staged_expired], 1u);
    a.send(b, "again");
    const std::size_t more = count_of(MessageType::initiation, take_for(a, 300s));
    EXPECT_GE(more, 18u);
    EXPECT_LE(more, 20u);
}

TEST_F(Timers, C35_NewDataBeginsTheCountAnew) {
    connect();
    for (int i = 0; i < 6; ++i) {
        a.send(b, "hello");
        EXPECT_GE(count_of(MessageType::initiation, take_for(a, 60s)), 10u) << i;
    }
    EXPECT_EQ(a.drops[Drop::staged_expired], 0u);
}

TEST_F(Timers, C35_ARepetitionForgetsTheLocalAddress) {
    connect();
    PeerChange change = Side::peer_change(b, true);
    change.endpoint->local = a.address.address;
    change.endpoint->local_interface = 3;
    a.apply(std::move(change));
    EXPECT_EQ(initiate(a, b).to.local, a.address.address);
    const Datagram retry = only(take_for(a, 6s), MessageType::initiation);
    EXPECT_EQ(retry.to.local, IpAddress{});
    EXPECT_EQ(retry.to.local_interface, 0u);
    EXPECT_TRUE(retry.to.same_remote(b.address));
}

TEST_F(Timers, C35_APersistentKeepaliveTriesForEver) {
    set_keepalive(a, b, 25);
    for (int i = 0; i < 10; ++i)
        EXPECT_GE(count_of(MessageType::initiation, take_for(a, 200s)), 20u) << i;
}

TEST_F(Timers, C36_15SecondsAfterTheFirstUnansweredDataAHandshakeStarts) {
    establish();
    a.send(b, "one");
    for (int seconds = 0; seconds < 14; ++seconds) {
        EXPECT_FALSE(has_initiation(take_for(a, 1s)));
        a.send(b, "and another");
    }
    const Duration waited = 14s + first_initiation(a);
    EXPECT_GE(waited, 15s);
    EXPECT_LE(waited, 15s + 343ms);
}

TEST_F(Timers, C36_TheTimeSinceTheLastReceiveDoesNotCount) {
    establish();
    static_cast<void>(take_for(a, 100s));
    a.send(b, "hello");
    EXPECT_FALSE(has_initiation(take_for(a, 14900ms)));
}

TEST_F(Timers, C36_AKeepaliveAnswersAndAwaitsNothing) {
    establish();
    a.send(b, "hello");
    settle();
    run_for(60s);  // the keepalive of `b`
    const std::uint64_t before = a.peer_snapshot().sent_bytes + b.peer_snapshot().sent_bytes;
    run_for(60s);
    EXPECT_EQ(a.peer_snapshot().sent_bytes + b.peer_snapshot().sent_bytes, before);
    set_keepalive(a, b, 25);
    EXPECT_EQ(a.take().size(), 1u);
    set_keepalive(a, b, 0);
    EXPECT_TRUE(take_for(a, 60s).empty()) << "a keepalive that nobody answered";
}

TEST_F(Timers, C37_TenSecondsAfterReceivedDataOneKeepaliveGoes) {
    establish();
    b.receive(data(a, b, "hello"), a.address);
    EXPECT_TRUE(take_for(b, 9900ms).empty());
    EXPECT_TRUE(only(take_for(b, 100ms), MessageType::data).is_keepalive());
    EXPECT_TRUE(take_for(b, 100s).empty());
}

TEST_F(Timers, C37_DataThatCameMeanwhileGetsOneMore) {
    establish();
    for (int i = 0; i < 5; ++i)
        b.receive(data(a, b, "hello"), a.address);
    EXPECT_EQ(take_for(b, 10s).size(), 1u);
    EXPECT_TRUE(take_for(b, 9900ms).empty());
    EXPECT_EQ(take_for(b, 100ms).size(), 1u);
    EXPECT_TRUE(take_for(b, 100s).empty());
}

TEST_F(Timers, C37_AKeepaliveIsNotAnswered) {
    establish();
    set_keepalive(a, b, 25);
    b.receive(only(a.take(), MessageType::data), a.address);
    EXPECT_TRUE(take_for(b, 100s).empty());
}

TEST_F(Timers, C37_TheTimeSinceTheLastSendDoesNotCount) {
    establish();
    static_cast<void>(take_for(b, 60s));
    b.receive(data(a, b, "hello"), a.address);
    EXPECT_TRUE(take_for(b, 9900ms).empty());
}

TEST_F(Timers, C37_DataSentInsteadIsAnAnswer) {
    establish();
    b.receive(data(a, b, "hello"), a.address);
    static_cast<void>(data(b, a, "answer"));
    EXPECT_FALSE(count_of(MessageType::data, take_for(b, 14s)));
}

TEST_F(Timers, C38_APersistentKeepaliveIsNotOnTopOfWhatIsSent) {
    establish();
    set_keepalive(a, b, 25);
    settle();
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(count_of(MessageType::data, take_for(a, 24s)), 0u) << i;
        static_cast<void>(data(a, b, "traffic"));
    }
}

TEST_F(Timers, C38_APersistentKeepaliveIsNotOnTopOfWhatIsReceived) {
    establish();
    set_keepalive(a, b, 25);
    settle();
    EXPECT_TRUE(take_for(a, 24s).empty());
    // A keepalive, which asks for no answer.
    set_keepalive(b, a, 25);
    EXPECT_EQ(count_of(MessageType::data, deliver(b, a)), 1u);
    EXPECT_TRUE(take_for(a, 24900ms).empty());
    EXPECT_EQ(take_for(a, 100ms).size(), 1u);
}

TEST_F(Timers, C38_APersistentKeepaliveGoesEveryInterval) {
    establish();
    set_keepalive(a, b, 25);
    settle();
    std::size_t sent = 0;
    for (int i = 0; i < 4; ++i) {
        EXPECT_TRUE(take_for(a, 24900ms).empty());
        sent += take_for(a, 100ms).size();
    }
    EXPECT_EQ(sent, 4u);
}

TEST_F(Timers, C38_TurnedOnItSendsOneAtOnce) {
    establish();
    set_keepalive(a, b, 25);
    EXPECT_TRUE(only(a.take(), MessageType::data).is_keepalive());
    set_keepalive(a, b, 26);
    EXPECT_TRUE(a.take().empty()) << "it was on";
}

TEST_F(Timers, C38_WhenTheLinkComesUpItSendsOne) {
    set_keepalive(a, b, 25);
    static_cast<void>(a.take());
    a.device.link_down(a.drops);
    EXPECT_TRUE(take_for(a, 60s).empty());
    a.device.link_up(clock.moment(), a.outbox);
    EXPECT_EQ(count_of(MessageType::initiation, a.take()), 1u);
}

TEST_F(Timers, C38_WithoutAKeyItStartsAHandshake) {
    set_keepalive(a, b, 25);
    EXPECT_EQ(count_of(MessageType::initiation, a.take()), 1u);
}

}  // namespace
}  // namespace wgns::conformance
