#include "dataplane/ingress.h"

#include <gtest/gtest.h>

#include "device_pair.h"
#include "protocol/messages.h"

namespace wgns {
namespace {

struct IngressTest : ::testing::Test {
    DevicePair pair;
    std::unique_ptr<Aead> aead = make_aead_sodium();
    Ingress ingress{pair.b.shared, *aead, {}};
    Turn turn;
    std::uint64_t counter = 100;

    void SetUp() override { pair.connect(); }

    // A datagram of a's for b, with the next counter.
    ByteVector sealed(const ByteVector& text) {
        return seal_data(pair.a.session(), counter++, text);
    }
    ByteVector data(std::size_t size) { return sealed(packet_between(1, 2, size)); }
    static ByteVector with_index(ByteVector datagram, std::uint32_t index) {
        store_le(MutableBytes(datagram).subspan(4), index);
        return datagram;
    }
    static ByteVector forged(ByteVector datagram) {
        datagram.back() ^= 1;
        return datagram;
    }

    // One receive of these datagrams; all but the last have the size of the first.
    static ByteVector train_of(const std::vector<ByteVector>& datagrams) {
        ByteVector bytes;
        for (const ByteVector& datagram : datagrams)
            bytes.insert(bytes.end(), datagram.begin(), datagram.end());
        return bytes;
    }
    // One turn over one train. Returns what is written to the TUN, without virtio-net headers.
    std::vector<ByteVector> run(const std::vector<ByteVector>& datagrams,
                                const Endpoint& from = outer_endpoint(1)) {
        ByteVector bytes = train_of(datagrams);
        turn.from_udp.push_back(
            {from, 0, static_cast<std::uint32_t>(datagrams.front().size()), bytes});
        return run_received();
    }
    std::vector<ByteVector> run_received() {
        ingress.run(turn, pair.moment());
        {
            const auto device = pair.b.shared.hold();
            turn.pins.release();
            device->end_turn();
        }
        std::vector<ByteVector> written;
        for (const TunWrite& write : turn.to_tun) {
            EXPECT_EQ(write.count, 2u);
            const iovec& piece = turn.pieces[write.first + 1];
            const auto* const bytes = static_cast<const std::uint8_t*>(piece.iov_base);
            written.emplace_back(bytes, bytes + piece.iov_len);
        }
        turn.clear_received();
        return written;
    }
    std::uint64_t received_bytes() { return pair.b.peer().received_bytes; }
};

TEST_F(IngressTest, ATrainIsCutOpenedAndWrittenInOrder) {
    std::vector<ByteVector> packets, datagrams;
    for (const std::size_t size : {112u, 112u, 112u, 48u}) {
        packets.push_back(packet_between(1, 2, size));
        packets.back().back() = static_cast<std::uint8_t>(packets.size());
        datagrams.push_back(sealed(packets.back()));
    }
    const std::uint64_t before = received_bytes();
    EXPECT_EQ(run(datagrams), packets);
    EXPECT_EQ(received_bytes() - before, train_of(datagrams).size());
    EXPECT_EQ(pair.b.session().pins, 0u);
}

TEST_F(IngressTest, MoreDatagramsThanABatchAreStillInOrder) {
    std::vector<ByteVector> packets, bytes;
    for (std::size_t train = 0; train < 5; ++train) {
        std::vector<ByteVector> datagrams;
        for (std::size_t i = 0; i < 77; ++i) {
            packets.push_back(packet_between(1, 2, 64));
            store_be(MutableBytes(packets.back()).subspan(40),
                     static_cast<std::uint32_t>(packets.size()));
            datagrams.push_back(sealed(packets.back()));
        }
        bytes.push_back(train_of(datagrams));
    }
    const std::uint64_t before = received_bytes();
    for (ByteVector& train : bytes)
        turn.from_udp.push_back({outer_endpoint(1), 0, data_overhead + 64, train});
    EXPECT_EQ(run_received(), packets);
    EXPECT_EQ(received_bytes() - before, packets.size() * (data_overhead + 64));
}

TEST_F(IngressTest, PaddingIsNotWritten) {
    ByteVector padded = packet_between(1, 2, 50);
    padded.resize(64);
    const auto written = run({sealed(padded)});
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0], packet_between(1, 2, 50));
}

TEST_F(IngressTest, CountsWhatItDrops) {
    struct Row {
        ByteVector datagram;
        Drop reason;
        bool is_authentic;
    };
    const std::uint32_t nobodys = ~pair.b.session().local_index;
    ByteVector reserved = data(64);
    reserved[1] = 1;
    const Row rows[] = {
        {forged(data(64)), Drop::bad_tag, false},
        {with_index(data(64), nobodys), Drop::unknown_index, false},
        {sealed(packet_between(9, 2, 64)), Drop::bad_source, true},
        {sealed(ByteVector(64, 0xff)), Drop::not_ip, true},
        {ByteVector(data_overhead - 1), Drop::not_wireguard, false},
        {ByteVector(3), Drop::not_wireguard, false},
        {ByteVector{}, Drop::not_wireguard, false},
        {reserved, Drop::not_wireguard, false},
        {ByteVector(200, 5), Drop::not_wireguard, false},
        {ByteVector{1, 0, 0, 0, 0}, Drop::not_wireguard, false},
    };
    std::size_t number = 0;
    for (const Row& row : rows) {
        SCOPED_TRACE("row " + std::to_string(number++));
        turn.drops = {};
        const std::uint64_t before = received_bytes();
        EXPECT_TRUE(run({row.datagram}, outer_endpoint(7)).empty());
        EXPECT_EQ(turn.drops[row.reason], 1u);
        EXPECT_EQ(received_bytes() - before, row.is_authentic ? row.datagram.size() : 0);
        const std::uint8_t sender = row.is_authentic ? 7 : 1;
        EXPECT_EQ(pair.b.peer().endpoint, outer_endpoint(sender));
        EXPECT_EQ(run({data(64)}).size(), 1u) << "and the session goes on";
    }
}

TEST_F(IngressTest, ADropInATrainCostsNoOther) {
    std::vector<ByteVector> datagrams{data(64), forged(data(64)), data(64),
                                      sealed(packet_between(9, 2, 64)), data(64)};
    EXPECT_EQ(run(datagrams).size(), 3u);
    EXPECT_EQ(turn.drops[Drop::bad_tag], 1u);
    EXPECT_EQ(turn.drops[Drop::bad_source], 1u);
}

TEST_F(IngressTest, TheSameIndexIsUnknownTwice) {
    const std::uint32_t nobodys = ~pair.b.session().local_index;
    EXPECT_EQ(run({with_index(data(64), nobodys), data(64), with_index(data(64), nobodys)}).size(),
              1u);
    EXPECT_EQ(turn.drops[Drop::unknown_index], 2u);
    EXPECT_EQ(turn.drops[Drop::bad_tag], 0u);
}

TEST_F(IngressTest, AReplayIsNotWrittenTwice) {
    const ByteVector first = data(64), second = data(64);
    EXPECT_EQ(run({first, second, first}).size(), 2u);  // in one batch
    EXPECT_EQ(turn.drops[Drop::replayed_packet], 1u);
    const std::uint64_t before = received_bytes();
    EXPECT_TRUE(run({second}, outer_endpoint(7)).empty());  // in another
    EXPECT_EQ(turn.drops[Drop::replayed_packet], 2u);
    EXPECT_EQ(received_bytes(), before);
    EXPECT_EQ(pair.b.peer().endpoint, outer_endpoint(1));
}

TEST_F(IngressTest, AForgeryDoesNotUseItsCounterUp) {
    const ByteVector real = data(64);
    EXPECT_TRUE(run({forged(real)}).empty());
    EXPECT_EQ(run({real}).size(), 1u);
}

TEST_F(IngressTest, AKeepaliveIsHeardAndNotWritten) {
    const std::uint64_t before = received_bytes();
    EXPECT_TRUE(run({sealed({})}, outer_endpoint(7)).empty());
    EXPECT_EQ(received_bytes() - before, data_overhead);
    EXPECT_EQ(pair.b.peer().endpoint, outer_endpoint(7));
    EXPECT_EQ(turn.drops[Drop::not_ip], 0u);
}

TEST_F(IngressTest, TheEndpointFollowsTheLatestTrain) {
    ByteVector first = data(64), second = data(64);
    turn.from_udp.push_back({outer_endpoint(7), 0, data_overhead + 64, first});
    turn.from_udp.push_back({outer_endpoint(8), 0, data_overhead + 64, second});
    EXPECT_EQ(run_received().size(), 2u);
    EXPECT_EQ(pair.b.peer().endpoint, outer_endpoint(8));
}

TEST_F(IngressTest, AnExpiredSessionReceivesNothing) {
    using std::chrono_literals::operator""ns;
    pair.clock.advance(limits::reject_after_time - 1ns);
    EXPECT_EQ(run({data(64)}).size(), 1u);
    pair.clock.advance(1ns);
    EXPECT_TRUE(run({data(64), data(64)}).empty());
    EXPECT_EQ(turn.drops[Drop::expired_session], 2u);
}

TEST_F(IngressTest, AnInitiationIsAnswered) {
    using std::chrono_literals::operator""s;
    pair.clock.advance(6s);
    Peer& peer = pair.a.peer();
    pair.a.shared.hold()->want_session(peer, pair.moment(), pair.a.outbox);
    const auto initiation = pair.a.sent();
    ASSERT_EQ(initiation.size(), 1u);
    EXPECT_TRUE(run({initiation[0].bytes}).empty());
    const auto answer = take_sent(turn.to_udp);
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_EQ(classify_message(answer[0].bytes), MessageType::response);
    EXPECT_EQ(ingress.backlog(), 0u);
}

// Handshake messages that are let in, and die when their turn comes.
struct IngressBacklog : IngressTest {
    static constexpr std::size_t most = limits::under_load_backlog - 1;

    void receive_handshakes(std::size_t count) {
        ByteVector message(initiation_size);
        store_le(MutableBytes(message), MessageType::initiation);
        MacStamper(pair.a.peer().public_key).stamp(message, pair.clock.now());
        ByteVector train = train_of(std::vector<ByteVector>(count, message));
        turn.from_udp.push_back({outer_endpoint(1), 0, initiation_size, train});
        run_received();
    }
};

TEST_F(IngressBacklog, ATurnTakesABoundedNumberAndLeavesTheRest) {
    receive_handshakes(limits::handshakes_per_turn_max + 1);
    EXPECT_EQ(turn.drops[Drop::bad_point], limits::handshakes_per_turn_max);
    EXPECT_EQ(ingress.backlog(), 1u);
    run_received();
    EXPECT_EQ(turn.drops[Drop::bad_point], limits::handshakes_per_turn_max + 1);
    EXPECT_EQ(ingress.backlog(), 0u);
}

TEST_F(IngressBacklog, IsWorkedOffInOrder) {
    receive_handshakes(most);
    pair.clock.advance(limits::rekey_timeout);
    Peer& peer = pair.a.peer();
    pair.a.shared.hold()->want_session(peer, pair.moment(), pair.a.outbox);
    EXPECT_TRUE(run({pair.a.sent().at(0).bytes}).empty());
    while (turn.to_udp.trains().empty()) {
        ASSERT_NE(ingress.backlog(), 0u);
        run_received();
    }
    EXPECT_EQ(turn.drops[Drop::bad_point], most);
    EXPECT_EQ(ingress.backlog(), 0u);
}

TEST_F(IngressBacklog, DataGoesFirst) {
    receive_handshakes(most);
    EXPECT_EQ(run({data(64)}).size(), 1u);
    EXPECT_NE(ingress.backlog(), 0u);
}

}  // namespace
}  // namespace wgns
