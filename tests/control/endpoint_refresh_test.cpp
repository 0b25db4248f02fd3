#include "control/endpoint_refresh.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/crypto/seeded_entropy.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""s;

constexpr const char* at_a = "192.0.2.1:7";
constexpr const char* at_b = "[2001:db8::2]:7";
constexpr const char* at_c = "192.0.2.3:7";
constexpr const char* elsewhere = "198.51.100.9:9";

std::vector<Endpoint> remotes(const std::vector<const char*>& texts) {
    std::vector<Endpoint> all;
    for (const char* text : texts)
        all.push_back(*Endpoint::parse(text));
    return all;
}

// One name, its peer, and a clock that only the test moves.
struct RefreshedPeer {
    explicit RefreshedPeer(Duration period = 60s, Duration first_retry = 1s)
        : refresh({std::chrono::duration_cast<BackOff::Milliseconds>(period),
                   std::chrono::duration_cast<BackOff::Milliseconds>(first_retry)},
                  entropy, now) {}

    // Moves the clock to the next lookup and returns how long that took; 1 h if none came.
    Duration next_lookup() {
        const TimePoint begin = now;
        while (now - begin < 3600s) {
            now = std::max(now, refresh.next_check());
            peer.unanswered_for = asked_at ? now - *asked_at : 0s;
            if (refresh.check(peer, now)) return now - begin;
        }
        return 3600s;
    }
    // What the answer of a lookup made of the endpoint; empty: it stays.
    std::string answer(const std::vector<const char*>& answers) {
        const auto decided = refresh.answered(remotes(answers), peer, now);
        if (!decided) return "";
        refresh.written(*decided, now);
        peer.endpoint = *decided;
        return decided->to_string();
    }
    void handshake() {
        peer.handshake_age = 0s;
        asked_at.reset();
    }

    SeededEntropy entropy;
    TimePoint now{1000s};
    PeerFacts peer;
    std::optional<TimePoint> asked_at;  // without an answer
    EndpointRefresh refresh;
};

TEST(EndpointRefresh, DecidesByAnswersAndPeer) {
    struct Case {
        const char* written;               // before; nullptr: nothing was
        const char* now_at;                // the device's endpoint; nullptr: none
        int handshake_age;                 // -1: never
        bool is_asked;                     // without an answer
        std::vector<const char*> answers;  // of the second lookup
        const char* decision;              // "": it stays
    };
    const Case cases[] = {
        // Nothing written yet.
        /* 0 */ {nullptr, nullptr, -1, false, {at_a, at_b}, at_a},
        /* 1 */ {nullptr, elsewhere, 10, false, {at_a}, ""},  // it came to us by itself
        /* 2 */ {nullptr, elsewhere, 136, false, {at_a}, at_a},
        // At what was written, and answering.
        /* 3 */ {at_a, at_a, 10, true, {at_a}, ""},
        /* 4 */ {at_a, at_a, 135, true, {at_b, at_a}, ""},
        /* 5 */ {at_a, at_a, 10, false, {at_b}, at_b},
        /* 6 */ {at_a, at_a, 10, true, {at_b, at_c}, at_b},
        // At what was written, with nothing to say.
        /* 7 */ {at_a, at_a, 136, false, {at_a, at_b}, ""},
        /* 8 */ {at_a, at_a, -1, false, {at_a, at_b}, ""},
        /* 9 */ {at_a, at_a, 136, false, {at_b}, at_b},
        // At what was written, and silent.
        /* 10 */ {at_a, at_a, 136, true, {at_a}, ""},
        /* 11 */ {at_a, at_a, 136, true, {at_a, at_b}, at_b},
        /* 12 */ {at_a, at_a, 136, true, {at_b, at_a}, at_b},
        /* 13 */ {at_b, at_b, 136, true, {at_a, at_b, at_c}, at_c},
        /* 14 */ {at_c, at_c, -1, true, {at_a, at_b, at_c}, at_a},
        /* 15 */ {at_a, at_a, 136, true, {at_b, at_c}, at_b},
        // Roamed, and answering.
        /* 16 */ {at_a, elsewhere, 10, true, {at_a}, ""},
        /* 17 */ {at_a, elsewhere, 135, false, {at_b}, ""},
        // Roamed, and with nothing to say since.
        /* 18 */ {at_a, elsewhere, 136, false, {at_a}, ""},
        /* 19 */ {at_a, elsewhere, 136, false, {at_b}, at_b},
        // Roamed, and silent.
        /* 20 */ {at_a, elsewhere, 136, true, {at_a, at_b}, at_a},
        /* 21 */ {at_a, elsewhere, 136, true, {at_b}, at_b},
        // The device has forgotten it.
        /* 22 */ {at_a, nullptr, -1, false, {at_b, at_a}, at_b},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i) {
        const Case& each = cases[i];
        RefreshedPeer one;
        one.next_lookup();
        if (each.written)
            one.answer({each.written});
        else
            one.refresh.failed(one.now);
        one.peer.endpoint = each.now_at ? *Endpoint::parse(each.now_at) : Endpoint{};
        if (each.handshake_age >= 0)
            one.peer.handshake_age = std::chrono::seconds(each.handshake_age);
        if (each.is_asked) one.asked_at = one.now;
        one.next_lookup();
        EXPECT_EQ(one.answer(each.answers), each.decision) << i;
    }
}

TEST(EndpointRefresh, AsksAtOnceAndThenOncePerPeriod) {
    RefreshedPeer one(60s);
    EXPECT_EQ(one.next_lookup(), 0s);
    EXPECT_EQ(one.answer({at_a}), at_a);
    for (int round = 0; round < 100; ++round) {
        one.handshake();
        const Duration waited = one.next_lookup();
        EXPECT_GT(waited, 53s);
        EXPECT_LE(waited, 60s);
        EXPECT_EQ(one.answer({at_a}), "");
    }
}

TEST(EndpointRefresh, PeersDoNotAskInStep) {
    RefreshedPeer one(60s);
    one.next_lookup();
    one.answer({at_a});
    const Duration first = one.next_lookup();
    one.answer({at_a});
    EXPECT_NE(one.next_lookup(), first);
}

TEST(EndpointRefresh, RetriesMoreAndMoreSeldom) {
    RefreshedPeer one(0s, 5s);
    one.next_lookup();
    const Duration expected[] = {5s, 10s, 20s, 40s, 60s, 60s};
    for (const Duration wait : expected) {
        one.refresh.failed(one.now);
        const Duration waited = one.next_lookup();
        EXPECT_LE(waited, wait);
        EXPECT_GE(waited, wait * 9 / 10);
    }
    EXPECT_EQ(one.answer({at_a}), at_a);
}

TEST(EndpointRefresh, RetriesAreNotRarerThanThePeriod) {
    RefreshedPeer one(10s, 1s);
    one.next_lookup();
    for (int round = 0; round < 10; ++round) {
        one.refresh.failed(one.now);
        EXPECT_LE(one.next_lookup(), 10s);
    }
}

TEST(EndpointRefresh, BeginsAnewAfterAnAnswer) {
    RefreshedPeer one(60s, 1s);
    one.next_lookup();
    for (int round = 0; round < 5; ++round) {
        one.refresh.failed(one.now);
        one.next_lookup();
    }
    one.answer({at_a});
    one.handshake();
    one.next_lookup();
    one.refresh.failed(one.now);
    EXPECT_LE(one.next_lookup(), 1s);
}

TEST(EndpointRefresh, WithoutAPeriodAsksAgainOnlyInSilence) {
    RefreshedPeer one(0s);
    one.next_lookup();
    one.answer({at_a, at_b});
    one.handshake();
    EXPECT_EQ(one.next_lookup(), 3600s);
    // Old is not silent, as long as it is not asked.
    one.peer.handshake_age = 3600s;
    EXPECT_EQ(one.next_lookup(), 3600s);
    one.asked_at = one.now;
    EXPECT_LE(one.next_lookup(), EndpointRefresh::watch_time * 2);
    EXPECT_EQ(one.answer({at_a, at_b}), at_b);
    // And no more once it has answered.
    one.handshake();
    one.next_lookup();
    EXPECT_EQ(one.answer({at_a, at_b}), "");
    EXPECT_EQ(one.next_lookup(), 3600s);
}

TEST(EndpointRefresh, TriesEveryCandidateInTurn) {
    RefreshedPeer one(5s);
    one.next_lookup();
    EXPECT_EQ(one.answer({at_a, at_b, at_c}), at_a);
    one.asked_at = one.now;
    for (const char* next : {at_b, at_c, at_a, at_b}) {
        const TimePoint begin = one.now;
        std::string decision;
        while (decision.empty()) {
            one.next_lookup();
            decision = one.answer({at_a, at_b, at_c});
        }
        EXPECT_EQ(decision, next);
        EXPECT_GE(one.now - begin, EndpointRefresh::watch_time);
        EXPECT_LE(one.now - begin, EndpointRefresh::watch_time * 2);
    }
}

TEST(EndpointRefresh, AnotherNetworkIsTriedSoon) {
    RefreshedPeer one(3600s);
    one.next_lookup();
    one.answer({at_a});
    one.handshake();
    one.now = one.now + 60s;
    one.refresh.network_changed(one.now);
    EXPECT_EQ(one.next_lookup(), EndpointRefresh::settle_time);
    one.answer({at_a});
    // However often that is told.
    for (int told = 0; told < 50; ++told) {
        one.refresh.network_changed(one.now);
        one.now = one.now + std::chrono::milliseconds(100);
        EXPECT_FALSE(one.refresh.next_check() <= one.now && one.refresh.check(one.peer, one.now));
    }
    EXPECT_EQ(one.next_lookup(), EndpointRefresh::wake_pause - 5s);
}

TEST(EndpointRefresh, AnotherNetworkShortensTheBackOff) {
    RefreshedPeer one(0s);
    one.next_lookup();
    for (int round = 0; round < 8; ++round) {
        one.refresh.failed(one.now);
        one.next_lookup();
    }
    one.refresh.failed(one.now);
    one.now = one.now + 30s;
    one.refresh.network_changed(one.now);
    EXPECT_EQ(one.next_lookup(), EndpointRefresh::settle_time);
    one.refresh.failed(one.now);
    EXPECT_LE(one.next_lookup(), 1s);
}

TEST(EndpointRefresh, AnotherNetworkIsNothingToAPeerWithoutAPeriodThatAnswers) {
    RefreshedPeer one(0s);
    one.next_lookup();
    one.answer({at_a});
    one.handshake();
    one.refresh.network_changed(one.now);
    EXPECT_EQ(one.next_lookup(), 3600s);
}

}  // namespace
}  // namespace wgns
