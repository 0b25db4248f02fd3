// What dataplane/uring_io relies on: recvmsg multishot with provided buffers gives one datagram per
// completion in the order of arrival, each with its sender; running out of buffers ends the request
// and loses nothing.
#include <array>

#include "base/bytes.h"
#include "tests/platform/multishot_ring.h"
#include "tests/platform/private_network.h"

namespace wgns::platform {
namespace {

std::size_t payload_size(std::uint32_t number) {
    return 4 + (number * 37) % 1200;
}

UniqueFd bound_here(sockaddr_in& self) {
    UniqueFd udp = udp_socket_here();
    self = ipv4("127.0.0.1", 0);
    socklen_t size = sizeof self;
    EXPECT_EQ(::bind(udp.get(), reinterpret_cast<sockaddr*>(&self), size), 0);
    EXPECT_EQ(::getsockname(udp.get(), reinterpret_cast<sockaddr*>(&self), &size), 0);
    return udp;
}

void send_numbered(const UniqueFd& from, const sockaddr_in& to, std::uint32_t count) {
    std::array<std::uint8_t, 2048> payload{};
    for (std::uint32_t number = 0; number < count; ++number) {
        store_be(payload, number);
        const auto size = payload_size(number);
        ASSERT_EQ(::sendto(from.get(), payload.data(), size, 0,
                           reinterpret_cast<const sockaddr*>(&to), sizeof to),
                  static_cast<ssize_t>(size));
    }
}

TEST(recvmsg_multishot, one_datagram_per_completion_in_order_with_its_sender) {
    WGNS_SKIP_UNLESS_ROOT();
    const struct {
        std::uint32_t datagrams;
        unsigned buffers;
        bool runs_out;
    } rows[] = {
        /* 1 */ {1, 8, false},
        /* 2 */ {100, 256, false},
        /* 3 */ {50, 8, true},
        /* 4 */ {50, 1, true},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(std::to_string(row.datagrams) + " datagrams, " + std::to_string(row.buffers));
        MultishotRing ring(row.buffers, 4096);
        if (const std::string missing = ring.missing(); !missing.empty()) GTEST_SKIP() << missing;
        const PrivateNetwork network;
        UniqueFd receiver;
        UniqueFd sender;
        sockaddr_in receiver_at{};
        sockaddr_in sender_at{};
        network.run([&] {
            set_up_here("lo");
            receiver = bound_here(receiver_at);
            sender = bound_here(sender_at);
            send_numbered(sender, receiver_at, row.datagrams);
        });
        msghdr shape{};
        shape.msg_namelen = sizeof(sockaddr_storage);
        ring.arm([&](io_uring_sqe* sqe) {
            io_uring_prep_recvmsg_multishot(sqe, receiver.get(), &shape, 0);
        });
        std::uint32_t next = 0;
        const bool all = ring.collect(std::chrono::seconds(10), [&](auto buffer, int size) {
            auto* const out = io_uring_recvmsg_validate(buffer.data(), size, &shape);
            EXPECT_NE(out, nullptr);
            if (out == nullptr) return false;
            const auto* const payload =
                static_cast<const std::uint8_t*>(io_uring_recvmsg_payload(out, &shape));
            const Bytes datagram(payload, io_uring_recvmsg_payload_length(out, size, &shape));
            EXPECT_EQ(load_be<std::uint32_t>(datagram), next);
            EXPECT_EQ(datagram.size(), payload_size(next));
            EXPECT_EQ(out->flags & static_cast<unsigned>(MSG_TRUNC), 0U);
            EXPECT_EQ(std::memcmp(io_uring_recvmsg_name(out), &sender_at, sizeof sender_at), 0);
            return ++next < row.datagrams;
        });
        EXPECT_TRUE(all) << "only " << next << " arrived";
        EXPECT_EQ(ring.out_of_buffers() > 0, row.runs_out);
    }
}

}  // namespace
}  // namespace wgns::platform
