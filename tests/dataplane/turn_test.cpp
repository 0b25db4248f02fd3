#include "dataplane/turn.h"

#include <gtest/gtest.h>

#include <string>

namespace wgns {
namespace {

struct TurnTest : ::testing::Test {
    Turn turn;
    std::string text = "two pieces";

    [[nodiscard]] iovec piece(std::size_t from, std::size_t size) {
        return {.iov_base = text.data() + from, .iov_len = size};
    }
};

// The kernel says, per socket, how many it has dropped since the socket was opened.
TEST_F(TurnTest, CountsWhatASocketDroppedOnce) {
    const struct {
        const char* from;
        std::uint32_t overflows;
        std::uint64_t counted;
    } table[] = {
        {"192.0.2.1:5", 0, 0},       // 1: none
        {"192.0.2.1:5", 7, 7},       // 2: some
        {"192.0.2.1:5", 7, 7},       // 3: no more
        {"192.0.2.1:5", 0, 7},       // 4: not said
        {"192.0.2.1:5", 9, 9},       // 5: two more
        {"[2001:db8::1]:5", 4, 13},  // 6: the other socket
        {"192.0.2.1:5", 2, 15},      // 7: a new socket
        {"[2001:db8::1]:5", 4, 15},  // 8: no more
    };
    int number = 0;
    for (const auto& row : table) {
        ReceivedTrain train;
        train.from = *Endpoint::parse(row.from);
        train.overflows = row.overflows;
        turn.receive(train);
        EXPECT_EQ(turn.drops[Drop::receive_queue_full], row.counted) << ++number;
        turn.clear_received();
    }
}

// Four packets and more, none of them large.
TEST_F(TurnTest, AFloodIsManySmallPacketsAndNoSuperpacket) {
    std::vector<std::uint8_t> bytes(4097);
    const auto is_flood = [&](std::initializer_list<std::size_t> frames,
                              std::initializer_list<std::size_t> trains) {
        turn.clear_received();
        for (const std::size_t size : frames)
            turn.receive(TunFrame{MutableBytes(bytes).first(size)});
        for (const std::size_t size : trains) {
            ReceivedTrain train;
            train.bytes = MutableBytes(bytes).first(size);
            turn.receive(train);
        }
        return turn.is_flood();
    };
    EXPECT_FALSE(is_flood({}, {}));
    EXPECT_FALSE(is_flood({100}, {100, 100}));
    EXPECT_TRUE(is_flood({100, 100}, {100, 100}));
    EXPECT_TRUE(is_flood({}, {4096, 1, 1, 1}));
    EXPECT_FALSE(is_flood({}, {1, 1, 1, 1, 1, 1, 1, 4097}));
    EXPECT_FALSE(is_flood({4097}, {1, 1, 1, 1, 1, 1, 1}));
}

TEST_F(TurnTest, AWriteIsItsHeaderAndItsPiecesInOrder) {
    const std::array<iovec, 2> packet{piece(0, 4), piece(4, 6)};
    turn.write_tun({.gso_type = VirtioHeader::udp_l4, .gso_size = 6}, packet);
    turn.write_tun({}, std::array<iovec, 1>{piece(0, 3)});

    ASSERT_EQ(turn.to_tun.size(), 2u);
    EXPECT_EQ(turn.to_tun[0].first, 0u);
    EXPECT_EQ(turn.to_tun[0].count, 3u);
    EXPECT_EQ(turn.to_tun[1].first, 3u);
    EXPECT_EQ(turn.to_tun[1].count, 2u);
    ASSERT_EQ(turn.pieces.size(), 5u);
    EXPECT_EQ(turn.pieces[1].iov_base, packet[0].iov_base);
    EXPECT_EQ(turn.pieces[2].iov_len, packet[1].iov_len);
    EXPECT_EQ(turn.pieces[4].iov_len, 3u);
}

TEST_F(TurnTest, AHeaderIsWhatTheKernelReads) {
    turn.write_tun({.flags = VirtioHeader::needs_checksum,
                    .gso_type = VirtioHeader::tcp_v6,
                    .header_size = 60,
                    .gso_size = 1380,
                    .checksum_start = 40,
                    .checksum_offset = 16},
                   std::array<iovec, 1>{piece(0, 4)});
    ASSERT_EQ(turn.pieces[0].iov_len, VirtioHeader::size);
    const auto* const bytes = static_cast<const std::uint8_t*>(turn.pieces[0].iov_base);
    const VirtioHeader header = VirtioHeader::read({bytes, VirtioHeader::size});
    EXPECT_EQ(header.flags, VirtioHeader::needs_checksum);
    EXPECT_EQ(header.gso_type, VirtioHeader::tcp_v6);
    EXPECT_EQ(header.header_size, 60u);
    EXPECT_EQ(header.gso_size, 1380u);
    EXPECT_EQ(header.checksum_start, 40u);
    EXPECT_EQ(header.checksum_offset, 16u);
}

// Earlier pieces point to earlier headers: neither may move.
TEST_F(TurnTest, NothingMovesUntilItIsFull) {
    const std::array<iovec, 1> packet{piece(0, 1)};
    turn.write_tun({}, packet);
    const iovec* const first_piece = turn.pieces.data();
    const void* const first_header = turn.pieces[0].iov_base;
    std::size_t written = 1;
    for (; turn.has_room(); ++written)
        turn.write_tun({}, packet);
    EXPECT_EQ(written, Turn::writes_max);
    EXPECT_EQ(turn.pieces.data(), first_piece);
    EXPECT_EQ(turn.headers.data(), first_header);
    EXPECT_EQ(turn.pieces[2 * (written - 1)].iov_base, turn.headers.back().data());
}

TEST_F(TurnTest, ClearReceivedForgetsWhatPointsIntoReceivedBuffers) {
    std::array<std::uint8_t, 4> bytes{};
    turn.from_tun.push_back({bytes});
    turn.from_udp.push_back({{}, 0, 4, bytes});
    turn.write_tun({}, std::array<iovec, 1>{piece(0, 1)});
    ASSERT_FALSE(turn.to_udp.datagram({}, 4, 0).empty());
    turn.drops.count(Drop::not_ip);
    turn.clear_received();
    EXPECT_TRUE(turn.from_tun.empty());
    EXPECT_TRUE(turn.from_udp.empty());
    EXPECT_TRUE(turn.to_tun.empty());
    EXPECT_TRUE(turn.pieces.empty());
    EXPECT_TRUE(turn.headers.empty());
    EXPECT_TRUE(turn.has_room());
    // Neither is about what was received.
    EXPECT_EQ(turn.to_udp.trains().size(), 1u);
    EXPECT_EQ(turn.drops[Drop::not_ip], 1u);
}

}  // namespace
}  // namespace wgns
