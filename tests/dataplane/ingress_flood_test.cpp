// Handshake messages of strangers, many more than can be answered, and a newcomer among them.
#include <gtest/gtest.h>

#include "dataplane/ingress.h"
#include "device_pair.h"
#include "protocol/cookie.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""s;

// A full turn of the fullest processor that was seen to send so many (docs/PERFORMANCE.md).
constexpr std::size_t strangers_max = 10'000;
constexpr Duration turn_time = Duration(1s) * Turn::trains_max / 180'000;

// `a` is the newcomer, and floods come to `b`.
struct IngressFlood : ::testing::Test {
    DevicePair pair;
    std::unique_ptr<Aead> aead = make_aead_sodium();
    Ingress ingress{pair.b.shared, *aead, {}};
    Turn turn;
    std::size_t next_stranger = 0;
    ByteVector junk = ByteVector(initiation_size);
    std::size_t cookies = 0;  // that strangers got

    void SetUp() override {
        store_le(MutableBytes(junk), MessageType::initiation);
        MacStamper(pair.a.peer().public_key).stamp(junk, pair.clock.now());
    }
    static Endpoint stranger(std::size_t number) {
        std::array<std::uint8_t, 4> raw;
        store_be(raw, 0x0a4e0000u + static_cast<std::uint32_t>(number));
        Endpoint endpoint = outer_endpoint(0);
        endpoint.address = IpAddress::v4(raw);
        return endpoint;
    }
    void receive(const Endpoint& from, MutableBytes bytes) {
        turn.receive({from, 0, initiation_size, bytes, 0});
    }
    // One turn that receives `count` initiations of one stranger each, and behind half of them
    // what the newcomer has sent. Returns what it is answered.
    std::vector<SentDatagram> flood(std::size_t count, std::vector<SentDatagram> newcomers = {}) {
        std::vector<ByteVector> bytes(count, junk);
        for (std::size_t i = 0; i < count; ++i) {
            if (i == count / 2)
                for (SentDatagram& each : newcomers)
                    receive(outer_endpoint(1), each.bytes);
            receive(stranger(next_stranger++ % strangers_max), bytes[i]);
        }
        ingress.run(turn, pair.moment());
        pair.b.shared.hold()->end_turn();
        turn.clear_received();
        pair.clock.advance(turn_time);
        std::vector<SentDatagram> to_newcomer;
        for (SentDatagram& sent : take_sent(turn.to_udp)) {
            if (sent.to.same_remote(outer_endpoint(1)))
                to_newcomer.push_back(std::move(sent));
            else if (CookieReplyView::parse(sent.bytes))
                ++cookies;
            else
                ADD_FAILURE() << "a stranger is answered";
        }
        return to_newcomer;
    }
    void flood_for(Duration time) {
        for (const TimePoint end = pair.clock.now() + time; pair.clock.now() < end;)
            EXPECT_TRUE(flood(Turn::trains_max).empty());
    }
    std::vector<SentDatagram> initiate() {
        Peer& peer = pair.a.peer();
        pair.a.shared.hold()->want_session(peer, pair.moment(), pair.a.outbox);
        return pair.a.sent();
    }
};

TEST_F(IngressFlood, WithoutAGenuineMac1NothingWaits) {
    junk[100] ^= 1;
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(flood(Turn::trains_max).empty());
    EXPECT_EQ(turn.drops[Drop::bad_mac1], 100 * Turn::trains_max);
    EXPECT_EQ(cookies, 0u);
    EXPECT_EQ(ingress.backlog(), 0u);
    const auto answer = flood(1, initiate());
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_EQ(classify_message(answer[0].bytes), MessageType::response) << "there is no load";
}

TEST_F(IngressFlood, WithoutACookieTheQueueDoesNotFill) {
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(flood(Turn::trains_max).empty());
        EXPECT_LT(ingress.backlog(), limits::under_load_backlog);
    }
    EXPECT_EQ(turn.drops[Drop::handshake_backlog_full], 0u);
    EXPECT_EQ(ingress.backlog(), 0u);
}

// Whoever came a moment ago has been answered, or many another has.
TEST_F(IngressFlood, StrangersGetFewCookies) {
    flood_for(limits::cookie_interval_min);
    EXPECT_GE(cookies, strangers_max);
    EXPECT_LE(cookies, 2 * strangers_max);
    EXPECT_GT(turn.drops[Drop::rate_limited], 20 * strangers_max);
}

// Its first initiation gets a cookie and its second a response, however many others come.
TEST_F(IngressFlood, ANewcomerNeedsOneRepetition) {
    flood_for(1s);
    const auto cookie = flood(Turn::trains_max - 1, initiate());
    ASSERT_EQ(cookie.size(), 1u);
    EXPECT_EQ(classify_message(cookie[0].bytes), MessageType::cookie_reply);
    ASSERT_TRUE(pair.a.shared.hold()->admit_and_consume(cookie[0].bytes, outer_endpoint(2), 1,
                                                        pair.moment(), pair.a.outbox));
    pair.clock.advance(limits::rekey_timeout);
    flood_for(limits::rekey_timeout_jitter_max);
    DropCounters drops;
    pair.a.shared.hold()->expire(pair.moment(), pair.a.outbox, drops);
    auto answer = flood(Turn::trains_max - 1, pair.a.sent());
    for (std::size_t i = 0; i < limits::under_load_backlog && answer.empty(); ++i)
        answer = flood(Turn::trains_max);
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_EQ(classify_message(answer[0].bytes), MessageType::response);
}

}  // namespace
}  // namespace wgns
