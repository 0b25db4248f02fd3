#include "dataplane/egress.h"

#include <gtest/gtest.h>

#include <string>

#include "device_pair.h"
#include "protocol/messages.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""s;

struct EgressTest : ::testing::Test {
    DevicePair pair;
    std::unique_ptr<Aead> aead = make_aead_sodium();
    Egress egress{*aead};
    Turn turn;

    // One turn over these TUN reads.
    std::vector<SentDatagram> run(std::vector<ByteVector> frames) {
        for (ByteVector& frame : frames)
            turn.from_tun.push_back({frame});
        egress.route(turn, *pair.a.shared.hold(), pair.moment());
        egress.seal(turn);
        {
            const auto device = pair.a.shared.hold();
            turn.pins.release();
            device->end_turn();
        }
        turn.clear_received();
        return take_sent(turn.to_udp);
    }
    static ByteVector frame(std::size_t size) { return frame_of(packet_between(1, 2, size)); }
    // What b reads in a datagram; empty where it does not open.
    ByteVector opened(const SentDatagram& datagram) {
        return open_data(pair.b.session(), datagram.bytes).value_or(ByteVector{});
    }
    // Packets of increasing sizes are told apart by them.
    std::size_t inner_size(const SentDatagram& datagram) {
        const auto text = opened(datagram);
        const auto inner = InnerPacket::parse(text);
        return inner ? inner->length() : 0;
    }
    void finish_handshake(const std::vector<SentDatagram>& initiation) {
        ASSERT_EQ(initiation.size(), 1u);
        ASSERT_TRUE(pair.b.shared.hold()->admit_and_consume(initiation[0].bytes, outer_endpoint(1),
                                                            1, pair.moment(), pair.b.outbox));
        pair.carry(pair.b, pair.a);
    }
    // As the worker does it: the first data confirms the responder's session.
    void confirm(const SentDatagram& datagram) {
        const auto view = DataView::parse(datagram.bytes);
        ASSERT_TRUE(view.has_value());
        const auto device = pair.b.shared.hold();
        Session* const session = device->find_session(view->receiver());
        ASSERT_NE(session, nullptr);
        device->data_received(*session, outer_endpoint(1), true, pair.moment(), pair.b.outbox);
    }
};

TEST_F(EgressTest, ADatagramOpensWithTheOthersKey) {
    pair.connect();
    const ByteVector packet = packet_between(1, 2, 112);
    const std::uint64_t first = pair.a.session().next_counter;
    const auto sent = run({frame_of(packet)});
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].to, outer_endpoint(2));
    const auto view = DataView::parse(sent[0].bytes);
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(view->receiver(), pair.b.session().local_index);
    EXPECT_EQ(view->counter(), first);
    EXPECT_EQ(opened(sent[0]), packet);
    EXPECT_EQ(pair.a.session().next_counter, first + 1);
    EXPECT_EQ(pair.a.session().pins, 0u);
}

TEST_F(EgressTest, CountersAreConsecutiveOverASuperpacket) {
    pair.connect();
    const std::uint64_t first = pair.a.session().next_counter;
    const auto sent = run({frame(100), tcp_frame(1, 2, 50'000, 1360), frame(200)});
    const std::size_t segments = (50'000 + 1359) / 1360;
    ASSERT_EQ(sent.size(), segments + 2);
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(DataView::parse(sent[i].bytes)->counter(), first + i) << i;
        const std::size_t size = i == 0                 ? 100
                                 : i == sent.size() - 1 ? 200
                                 : i == segments        ? 40 + 50'000 % 1360
                                                        : 1400;
        EXPECT_EQ(inner_size(sent[i]), size) << i;
    }
}

TEST_F(EgressTest, PadsTo16AndNeverPastTheMtu) {
    struct Row {
        std::size_t size, mtu, padded;
    };
    // A packet that is larger than the MTU is judged by its last part (kernel send.c,
    // calculate_skb_padding): 13 bytes become 16.
    constexpr Row rows[] = {{20, 1420, 32},     {32, 1420, 32},     {33, 1420, 48},
                            {1408, 1420, 1408}, {1409, 1420, 1420}, {1420, 1420, 1420},
                            {1273, 1280, 1280}, {1275, 1276, 1276}, {1420, 1407, 1423},
                            {100, 0, 112}};
    pair.connect();
    std::size_t number = 0;
    for (const Row& row : rows) {
        SCOPED_TRACE("row " + std::to_string(number++));
        pair.a.shared.hold()->set_mtu(static_cast<std::uint32_t>(row.mtu));
        const std::uint64_t before = pair.a.peer().sent_bytes;
        const ByteVector packet = packet_between(1, 2, row.size);
        const auto sent = run({frame_of(packet)});
        ASSERT_EQ(sent.size(), 1u);
        EXPECT_EQ(sent[0].bytes.size(), data_overhead + row.padded);
        EXPECT_EQ(pair.a.peer().sent_bytes - before, data_overhead + row.padded);
        ByteVector expected = packet;
        expected.resize(row.padded);
        EXPECT_EQ(opened(sent[0]), expected);
    }
}

TEST_F(EgressTest, PaddingIsZeroWhateverTheBufferHeld) {
    pair.connect();
    // The buffer used last is given out first.
    static_cast<void>(run({frame(1420)}));
    const auto sent = run({frame(21)});
    ASSERT_EQ(sent.size(), 1u);
    const ByteVector text = opened(sent[0]);
    ASSERT_EQ(text.size(), 32u);
    EXPECT_EQ(ByteVector(text.begin() + 21, text.end()), ByteVector(11));
}

TEST_F(EgressTest, CountsWhatItDrops) {
    pair.connect();
    ByteVector garbage(40, 0xff);
    EXPECT_TRUE(run({frame_of(garbage), frame_of({}), frame_of(packet_between(1, 9, 60)),
                     ByteVector(VirtioHeader::size - 1),
                     frame_of(packet_between(1, 2, 60), {.gso_type = 7})})
                    .empty());
    EXPECT_EQ(turn.drops[Drop::not_ip], 2u);
    EXPECT_EQ(turn.drops[Drop::no_peer], 1u);
    EXPECT_EQ(turn.drops[Drop::bad_virtio_header], 2u);
    pair.a.peer().endpoint = {};
    EXPECT_TRUE(run({frame(60)}).empty());
    EXPECT_EQ(turn.drops[Drop::no_endpoint], 1u);
    EXPECT_TRUE(pair.a.peer().staged.empty());
}

TEST_F(EgressTest, StagesWhileThereIsNoSessionAndKeepsTheOrder) {
    const auto initiation = run({frame(60), frame(61), frame(62)});
    ASSERT_EQ(initiation.size(), 1u);
    EXPECT_EQ(classify_message(initiation[0].bytes), MessageType::initiation);
    EXPECT_EQ(pair.a.peer().staged.size(), 3u);
    finish_handshake(initiation);
    // The staged ones are the proof that the response has come: no keepalive is needed.
    EXPECT_TRUE(pair.a.sent().empty());
    const auto sent = run({frame(63), frame(64)});
    ASSERT_EQ(sent.size(), 5u);
    confirm(sent[0]);
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(DataView::parse(sent[i].bytes)->counter(), i);
        EXPECT_EQ(inner_size(sent[i]), 60 + i);
    }
    EXPECT_TRUE(pair.a.peer().staged.empty());
}

TEST_F(EgressTest, AStagedSuperpacketStaysOne) {
    const auto initiation = run({tcp_frame(1, 2, 3000, 1000)});
    EXPECT_EQ(pair.a.peer().staged.size(), 1u);
    finish_handshake(initiation);
    const auto sent = run({});
    ASSERT_EQ(sent.size(), 3u);
    confirm(sent[0]);
    for (const SentDatagram& datagram : sent)
        EXPECT_EQ(inner_size(datagram), 1040u);
}

TEST_F(EgressTest, OverflowDropsTheOldestStaged) {
    std::vector<ByteVector> frames;
    for (std::size_t i = 0; i < limits::staged_packets_max + 5; ++i)
        frames.push_back(frame(60 + i));
    const auto initiation = run(frames);
    EXPECT_EQ(turn.drops[Drop::staged_overflow], 5u);
    finish_handshake(initiation);
    const auto sent = run({});
    ASSERT_EQ(sent.size(), limits::staged_packets_max);
    confirm(sent[0]);
    EXPECT_EQ(inner_size(sent[0]), 65u);
    EXPECT_EQ(inner_size(sent.back()), 60 + limits::staged_packets_max + 4);
}

TEST_F(EgressTest, OutOfTrainsCountsEveryDatagramThatIsLost) {
    pair.connect();
    turn.to_udp.set_segments_max(1);
    const std::uint64_t first = pair.a.session().next_counter;
    const auto sent = run({tcp_frame(1, 2, 100 * 100, 100), tcp_frame(1, 2, 100 * 100, 100)});
    EXPECT_EQ(sent.size(), Turn::sends_max);
    EXPECT_EQ(turn.drops[Drop::no_buffer], 200 - Turn::sends_max);
    EXPECT_EQ(DataView::parse(sent.back().bytes)->counter(), first + Turn::sends_max - 1);
    // What was lost has had its counters: nobody gets them again.
    const auto later = run({frame(60)});
    ASSERT_EQ(later.size(), 1u);
    EXPECT_EQ(DataView::parse(later[0].bytes)->counter(), first + 200);
}

TEST_F(EgressTest, ASessionNearItsCounterLimitStagesInsteadOfSending) {
    pair.connect();
    Session& session = pair.a.session();
    session.next_counter = limits::reject_after_messages - 2;
    pair.clock.advance(6s);  // or the next initiation is too soon
    const auto sent = run({tcp_frame(1, 2, 3000, 1000)});
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(classify_message(sent[0].bytes), MessageType::initiation);
    EXPECT_EQ(pair.a.peer().staged.size(), 1u);
    EXPECT_EQ(session.next_counter, limits::reject_after_messages - 2);
    // A smaller one would fit, but waits behind it.
    EXPECT_TRUE(run({frame(60)}).empty());
    EXPECT_EQ(pair.a.peer().staged.size(), 2u);
    finish_handshake(sent);
    const auto later = run({});
    ASSERT_EQ(later.size(), 4u);
    for (std::size_t i = 0; i < later.size(); ++i)
        EXPECT_EQ(DataView::parse(later[i].bytes)->counter(), i);
}

TEST_F(EgressTest, AnExpiredSessionStagesInsteadOfSending) {
    pair.connect();
    pair.clock.advance(limits::reject_after_time);
    const auto sent = run({frame(60)});
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(classify_message(sent[0].bytes), MessageType::initiation);
    EXPECT_EQ(pair.a.peer().staged.size(), 1u);
}

}  // namespace
}  // namespace wgns
