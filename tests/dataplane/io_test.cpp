// What every backend must do, for each of them.
#include "dataplane/io.h"

#include <algorithm>

#include "io_harness.h"

namespace wgns {
namespace {

class IoTest : public ::testing::TestWithParam<IoKind> {
protected:
    IoHarness harness{GetParam()};
};

TEST_P(IoTest, ReadsTunPacketsInOrder) {
    for (int i = 0; i < 20; ++i)
        harness.put_into_tun("packet " + std::to_string(i));
    harness.turn_until([&] { return harness.frames.size() == 20; });
    for (std::size_t i = 0; i < 20; ++i)
        EXPECT_EQ(harness.frames[i], "packet " + std::to_string(i));
}

TEST_P(IoTest, GoesOnWhenMorePacketsCameThanThereAreBuffers) {
    std::size_t put = 0;
    for (int round = 0; round < 40; ++round) {
        for (int i = 0; i < 8; ++i)
            harness.put_into_tun("packet " + std::to_string(put++));
        ASSERT_TRUE(harness.turn());
    }
    harness.turn_until([&] { return harness.frames.size() == put; });
}

// What came first leaves first; the rest needs nothing else to arrive.
TEST_P(IoTest, ATurnEndsWhenItIsLargeEnough) {
    const std::string packet(60'000, 'x');
    const int size = 1 << 20;
    ::setsockopt(harness.tun_far.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    std::size_t put = 0;
    while (::send(harness.tun_far.get(), packet.data(), packet.size(), MSG_DONTWAIT) > 0)
        ++put;
    ASSERT_GE(put, 6u);
    std::size_t before = 0;
    harness.turn_until([&] {
        EXPECT_LE((harness.frames.size() - before) * packet.size(),
                  Turn::bytes_enough + packet.size());
        before = harness.frames.size();
        return before >= put;
    });
}

TEST_P(IoTest, ReceivesDatagramsOfEverySizeWithTheirSender) {
    const std::vector<std::size_t> sizes{0, 1, 32, 1500, 9000, 65'507};
    for (const std::size_t size : sizes)
        harness.send_to_io(std::string(size, 'x'));
    harness.turn_until([&] { return harness.datagrams.size() >= sizes.size() - 1; });
    for (std::size_t i = 1; i < sizes.size(); ++i)
        EXPECT_EQ(harness.datagrams[i - 1].size(), sizes[i]);
}

TEST_P(IoTest, TellsWhereADatagramCameFromAndTo) {
    harness.send_to_io("hello");
    harness.io->wait(std::chrono::seconds(1));
    ASSERT_TRUE(harness.io->collect(harness.work));
    ASSERT_EQ(harness.work.from_udp.size(), 1u);
    const Endpoint& from = harness.work.from_udp[0].from;
    EXPECT_TRUE(from.same_remote(harness.far));
    EXPECT_EQ(from.local, harness.near.address);
    harness.io->submit(harness.work);
}

TEST_P(IoTest, SendsATrainAsItsDatagrams) {
    for (const char letter : {'a', 'b', 'c'}) {
        const MutableBytes slot = harness.work.to_udp.datagram(harness.far, 100, 0);
        std::fill(slot.begin(), slot.end(), static_cast<std::uint8_t>(letter));
    }
    std::fill_n(harness.work.to_udp.datagram(harness.far, 40, 0).data(), 40, std::uint8_t{'d'});
    ASSERT_EQ(harness.work.to_udp.trains().size(), 1u);
    ASSERT_TRUE(harness.turn());
    ASSERT_TRUE(harness.turn());
    // The far socket takes trains whole (UDP_GRO), so its bytes come in one piece or in four.
    std::string received;
    for (int i = 0; i < 4; ++i)
        received += harness.receive_from_io();
    EXPECT_EQ(received, std::string(100, 'a') + std::string(100, 'b') + std::string(100, 'c') +
                            std::string(40, 'd'));
    EXPECT_EQ(harness.work.drops[Drop::send_failed], 0u);
}

TEST_P(IoTest, WritesToTheTunFromAReceivedBuffer) {
    harness.send_to_io("inner packet");
    harness.io->wait(std::chrono::seconds(1));
    ASSERT_TRUE(harness.io->collect(harness.work));
    ASSERT_EQ(harness.work.from_udp.size(), 1u);
    const MutableBytes packet = harness.work.from_udp[0].bytes;
    const std::array<iovec, 2> pieces{{{packet.data(), 5}, {packet.data() + 5, packet.size() - 5}}};
    harness.work.write_tun({}, pieces);
    harness.io->submit(harness.work);
    ASSERT_TRUE(harness.turn());
    EXPECT_EQ(harness.take_from_tun(), std::string(VirtioHeader::size, '\0') + "inner packet");
}

TEST_P(IoTest, ASendThatFailsIsCountedAndItsTrainComesBack) {
    const std::size_t free = harness.work.to_udp.free_count();
    // There is no socket of this family.
    static_cast<void>(harness.work.to_udp.datagram(*Endpoint::parse("[::1]:9"), 100, 0));
    ASSERT_TRUE(harness.turn());
    harness.turn_until([&] { return harness.work.drops[Drop::send_failed] == 1; });
    EXPECT_EQ(harness.work.to_udp.free_count(), free);
}

// As after a move to another network, where nobody has the source that was kept.
TEST_P(IoTest, ATrainWithAStaleSourceIsSentAllTheSame) {
    Endpoint to = harness.far;
    to.local = *IpAddress::parse("203.0.113.1");
    for (int i = 0; i < 3; ++i)
        static_cast<void>(harness.work.to_udp.datagram(to, 100, 0));
    std::size_t received = 0;
    harness.turn_until([&] { return (received += harness.receive_from_io().size()) == 300; });
    EXPECT_EQ(harness.work.drops[Drop::send_failed], 0u);
}

TEST_P(IoTest, IsWokenByTheMailbox) {
    ASSERT_TRUE(harness.mailbox.post(Stop{}));
    harness.io->wait(std::chrono::seconds(5));
    ASSERT_TRUE(harness.io->collect(harness.work));
    EXPECT_TRUE(harness.work.has_commands);
    EXPECT_EQ(harness.mailbox.take().size(), 1u);
    harness.io->submit(harness.work);
}

TEST_P(IoTest, MovesToOtherSocketsAndFreesTheOldPort) {
    ASSERT_TRUE(harness.turn());
    const std::uint16_t old_port = harness.near.port;
    for (int round = 0; round < 3; ++round) {
        UniqueFd fresh = *open_udp(AF_INET, 0, 0);
        harness.near.port = local_port(fresh.get());
        bool is_done = false;
        harness.io->set_udp(std::move(fresh), {}, [&](int error) {
            EXPECT_EQ(error, 0);
            is_done = true;
        });
        harness.send_to_io("round " + std::to_string(round));
        const auto count = static_cast<std::size_t>(round) + 1;
        harness.turn_until([&] { return is_done && harness.datagrams.size() == count; });
        EXPECT_EQ(harness.datagrams.back(), "round " + std::to_string(round));
    }
    EXPECT_TRUE(open_udp(AF_INET, old_port, 0));
    static_cast<void>(harness.work.to_udp.datagram(harness.far, 100, 0));
    ASSERT_TRUE(harness.turn());
    ASSERT_TRUE(harness.turn());
    EXPECT_EQ(harness.receive_from_io().size(), 100u);
}

TEST_P(IoTest, MovesTwiceBetweenTwoTurns) {
    ASSERT_TRUE(harness.turn());
    int done = 0;
    for (int i = 0; i < 2; ++i) {
        UniqueFd fresh = *open_udp(AF_INET, 0, 0);
        harness.near.port = local_port(fresh.get());
        harness.io->set_udp(std::move(fresh), {}, [&](int error) { done += error == 0 ? 1 : 0; });
    }
    harness.send_to_io("hello");
    harness.turn_until([&] { return done == 2 && harness.datagrams.size() == 1; });
}

TEST_P(IoTest, AWaitEndsAtItsDeadline) {
    const SystemClock clock;
    const TimePoint before = clock.now();
    harness.io->wait(std::chrono::milliseconds(20));
    const Duration waited = clock.now() - before;
    ASSERT_TRUE(harness.io->collect(harness.work));
    EXPECT_EQ(harness.work.from_udp.size(), 0u);
    EXPECT_EQ(harness.work.from_tun.size(), 0u);
    harness.io->submit(harness.work);
    EXPECT_GE(waited, std::chrono::milliseconds(19));
    EXPECT_LT(waited, std::chrono::seconds(5));
}

// Small packets may be let gather, but not for long.
TEST_P(IoTest, APacketBehindAFloodIsNotHeldUp) {
    for (int round = 0; round < 20; ++round) {
        const std::size_t before = harness.frames.size();
        for (int i = 0; i < 10; ++i)
            harness.put_into_tun("flood");
        harness.turn_until([&] { return harness.frames.size() == before + 10; });
        harness.put_into_tun("last");
        const SystemClock clock;
        const TimePoint start = clock.now();
        harness.io->wait(std::chrono::seconds(5));
        EXPECT_LT(clock.now() - start, std::chrono::seconds(1));
        harness.turn_until([&] { return harness.frames.size() == before + 11; });
    }
}

TEST_P(IoTest, AWaitBehindAFloodEndsAtItsDeadline) {
    for (int i = 0; i < 10; ++i)
        harness.put_into_tun("flood");
    harness.turn_until([&] { return harness.frames.size() == 10; });
    const SystemClock clock;
    const TimePoint start = clock.now();
    harness.io->wait(std::chrono::milliseconds(20));
    EXPECT_GE(clock.now() - start, std::chrono::milliseconds(19));
    EXPECT_LT(clock.now() - start, std::chrono::seconds(5));
}

TEST_P(IoTest, HoldsNothingOnceItHasEnded) {
    for (int round = 0; round < 20; ++round) {
        IoHarness one(GetParam());
        one.put_into_tun("packet");
        one.turn_until([&] { return one.frames.size() == 1; });
        one.io->end();
        one.io.reset();
        ASSERT_EQ(::send(one.tun_far.get(), "x", 1, MSG_DONTWAIT), -1) << round;
        EXPECT_EQ(errno, ECONNREFUSED);
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, IoTest, ::testing::Values(IoKind::uring, IoKind::epoll),
                         [](const auto& kind) {
                             return kind.param == IoKind::uring ? "uring" : "epoll";
                         });

}  // namespace
}  // namespace wgns
