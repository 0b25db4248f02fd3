#include "dataplane/udp_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>

#include <cerrno>
#include <thread>
#include <vector>

namespace wgns {
namespace {

TEST(UdpSocket, APortThatIsTakenIsAnErrorWithItsNumber) {
    const auto first = open_udp(AF_INET, 0, 0);
    ASSERT_TRUE(first);
    const std::uint16_t port = local_port(first->get());
    EXPECT_NE(port, 0);
    const auto second = open_udp(AF_INET, port, 0);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, EADDRINUSE);
    EXPECT_NE(describe(second.error()).find(std::to_string(port)), std::string::npos);
}

TEST(UdpSocket, BothFamiliesMayHaveTheSamePort) {
    const auto v4 = open_udp(AF_INET, 0, 0);
    ASSERT_TRUE(v4);
    EXPECT_TRUE(open_udp(AF_INET6, local_port(v4->get()), 0));
}

TEST(UdpSocket, TrainsDoNotNeedLoopback) {
    std::uint32_t inside = 0;
    std::thread([&] {
        if (::unshare(CLONE_NEWNET) == 0) inside = probe_segments_max();
    }).join();
    if (inside == 0) return;  // without privilege
    EXPECT_EQ(inside > 1, probe_segments_max() > 1);
}

// One receive, with room for its control messages alone.
ReceivedTrain receive_one(int udp) {
    static std::array<std::uint8_t, 65'536> payload;
    alignas(cmsghdr) std::array<std::uint8_t, receive_control_size> control{};
    iovec piece{payload.data(), payload.size()};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(udp, &header, 0);
    if (size < 0) return {};
    return read_train({}, {control.data(), header.msg_controllen},
                      MutableBytes(payload).first(static_cast<std::size_t>(size)));
}

TEST(UdpSocket, TellsHowManyDatagramsTheKernelDropped) {
    const auto udp = open_udp(AF_INET, 0, 0), sender = open_udp(AF_INET, 0, 0);
    ASSERT_TRUE(udp && sender);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(local_port(udp->get()));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::vector<std::uint8_t> bytes(60'000);
    const auto send = [&] {
        return ::sendto(sender->get(), bytes.data(), bytes.size(), 0,
                        reinterpret_cast<const sockaddr*>(&to), sizeof to);
    };
    constexpr int count = 1000;  // more than any receive buffer of ours holds
    for (int i = 0; i < count; ++i)
        send();
    int received = 0;
    while (!receive_one(udp->get()).bytes.empty())
        ++received;
    EXPECT_GT(received, 0);
    send();
    EXPECT_EQ(receive_one(udp->get()).overflows, static_cast<std::uint32_t>(count - received));
}

TEST(SendMessage, ASingleDatagramNeedsNothingBesideIt) {
    std::uint8_t bytes[100] = {};
    Train train{.to = *Endpoint::parse("192.0.2.1:5"),
                .data = bytes,
                .used = 100,
                .segment_size = 100,
                .count = 1};
    SendMessage message;
    message.set(train);
    EXPECT_EQ(message.header.msg_control, nullptr);
    EXPECT_EQ(message.header.msg_namelen, sizeof(sockaddr_in));
    EXPECT_EQ(message.piece.iov_len, 100u);
}

TEST(SendMessage, EverythingAtOnceFitsIntoTheControlBuffer) {
    std::uint8_t bytes[100] = {};
    for (const char* const text : {"192.0.2.1:5", "[2001:db8::1]:5"}) {
        Train train{.to = *Endpoint::parse(text),
                    .tos = 0x88,
                    .data = bytes,
                    .used = 100,
                    .segment_size = 50,
                    .count = 2};
        train.to.local = train.to.address;
        SendMessage message;
        message.set(train);
        EXPECT_LE(message.header.msg_controllen, send_control_size);
        int count = 0;
        for (cmsghdr* c = CMSG_FIRSTHDR(&message.header); c; c = CMSG_NXTHDR(&message.header, c))
            ++count;
        EXPECT_EQ(count, 3);
    }
}

// A control message as the kernel would write it.
struct Control {
    alignas(cmsghdr) std::uint8_t bytes[64] = {};
    std::size_t size = 0;

    template <class T>
    Control(int level, int type, T value, std::size_t claimed) : size(CMSG_SPACE(sizeof value)) {
        auto* const header = reinterpret_cast<cmsghdr*>(bytes);
        *header = {.cmsg_len = claimed, .cmsg_level = level, .cmsg_type = type};
        std::memcpy(CMSG_DATA(header), &value, sizeof value);
    }
    [[nodiscard]] ReceivedTrain read() {
        static std::uint8_t payload[300];
        return read_train({}, {bytes, size}, payload);
    }
};

TEST(ReadTrain, WithoutControlMessagesItIsOneDatagram) {
    std::uint8_t payload[300];
    EXPECT_EQ(read_train({}, {}, payload).segment_size, 300u);
}

TEST(ReadTrain, TakesTheSegmentSizeOfGro) {
    EXPECT_EQ(Control(IPPROTO_UDP, 104, int{100}, CMSG_LEN(sizeof(int))).read().segment_size, 100u);
}

TEST(ReadTrain, LyingControlMessagesAreHarmless) {
    /* 1: no segment size at all */
    EXPECT_EQ(Control(IPPROTO_UDP, 104, int{0}, CMSG_LEN(sizeof(int))).read().segment_size, 300u);
    /* 2: a negative one */
    EXPECT_EQ(Control(IPPROTO_UDP, 104, int{-5}, CMSG_LEN(sizeof(int))).read().segment_size, 300u);
    /* 3: shorter than its own header */
    EXPECT_EQ(Control(IPPROTO_UDP, 104, int{100}, 3).read().segment_size, 300u);
    /* 4: longer than the buffer */
    EXPECT_EQ(Control(IPPROTO_UDP, 104, int{100}, 4000).read().segment_size, 300u);
    /* 5: too short for its value */
    EXPECT_EQ(Control(IPPROTO_UDP, 104, int{100}, CMSG_LEN(2)).read().segment_size, 300u);
    /* 6: unknown */
    EXPECT_EQ(Control(1234, 5678, int{100}, CMSG_LEN(sizeof(int))).read().segment_size, 300u);
}

}  // namespace
}  // namespace wgns
