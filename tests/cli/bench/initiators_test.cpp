#include "cli/bench/initiators.h"

#include <gtest/gtest.h>

#include "crypto/x25519.h"

namespace wgns::bench {
namespace {

class BenchInitiators : public testing::Test {
protected:
    SystemEntropy entropy;
    SystemClock clock;
    StaticIdentity daemon{generate_private_key(entropy)};
    Initiators initiators{3, daemon.public_key()};
};

TEST_F(BenchInitiators, EachAsksInItsTurnAndIsUnderstood) {
    for (std::size_t i = 0; i < 7; ++i) {
        const std::size_t number = initiators.next();
        EXPECT_EQ(number, i % 3);
        const InitiationMessage message = initiators.initiate(clock.moment());
        const auto view = InitiationView::parse(message);
        ASSERT_TRUE(view);
        EXPECT_EQ(view->sender(), number);
        auto opened = open_initiation(*view, daemon);
        ASSERT_TRUE(opened);
        EXPECT_EQ(opened->static_key, initiators.public_key(number));
    }
}

// Also where it asks again before the clock has moved on.
TEST_F(BenchInitiators, ALaterInitiationHasALaterStamp) {
    Handshake handshake;
    handshake.set_identities(daemon, initiators.public_key(0));
    const Moment moment = clock.moment();
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 0; i < initiators.size(); ++i) {
            const InitiationMessage message = initiators.initiate(moment);
            if (i != 0) continue;
            const auto view = InitiationView::parse(message);
            auto opened = open_initiation(*view, daemon);
            ASSERT_TRUE(opened);
            EXPECT_TRUE(handshake.consume_initiation(*opened, *view,
                                                     moment.now + round * std::chrono::seconds(1)))
                << round;
        }
    }
}

TEST_F(BenchInitiators, ACookieIsTaken) {
    MacChecker checker(daemon.public_key(), entropy);
    const Endpoint from = *Endpoint::parse("10.0.0.1:7");
    const Moment moment = clock.moment();
    for (const MacState expected : {MacState::mac1_only, MacState::with_cookie}) {
        const InitiationMessage message = initiators.initiate(moment);
        EXPECT_EQ(checker.check(message, from, moment.now), expected);
        const CookieReplyMessage reply = checker.cookie_reply(message, from, moment.now);
        initiators.take_cookie(*CookieReplyView::parse(reply), moment.now);
        for (std::size_t i = 1; i < initiators.size(); ++i)
            static_cast<void>(initiators.initiate(moment));
    }
}

}  // namespace
}  // namespace wgns::bench
