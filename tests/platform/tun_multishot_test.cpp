// What dataplane/uring_io relies on: IORING_OP_READ_MULTISHOT with provided buffers on a TUN gives
// one packet per completion, in the order in which they entered the device; running out of buffers
// ends the request and loses nothing.
#include <netinet/ip.h>

#include <array>

#include "base/bytes.h"
#include "tests/platform/multishot_ring.h"
#include "tests/platform/private_network.h"

namespace wgns::platform {
namespace {

constexpr const char* device = "wgnstest0";
constexpr std::size_t headers_size = 20 + 8;  // IPv4 without options, UDP

// Sizes differ from packet to packet, so that a completion of two packets would show.
std::size_t payload_size(std::uint32_t number) {
    return 4 + (number * 37) % 1200;
}

void send_numbered(std::uint32_t count) {
    const UniqueFd udp = udp_socket_here();
    const sockaddr_in to = ipv4("10.77.0.2", 9);
    std::array<std::uint8_t, 2048> payload{};
    for (std::uint32_t number = 0; number < count; ++number) {
        store_be(payload, number);
        const auto size = payload_size(number);
        ASSERT_EQ(::sendto(udp.get(), payload.data(), size, 0,
                           reinterpret_cast<const sockaddr*>(&to), sizeof to),
                  static_cast<ssize_t>(size));
    }
}

// IPv6 may say a word of its own (router solicitations).
bool is_ours(Bytes packet) {
    return packet.size() >= headers_size + 4 && packet[0] == 0x45 && packet[9] == IPPROTO_UDP;
}

void arm_read(MultishotRing& ring, const UniqueFd& tun) {
    ring.arm([&tun](io_uring_sqe* sqe) {
        io_uring_prep_rw(MultishotRing::op_read_multishot, sqe, tun.get(), nullptr, 0,
                         static_cast<__u64>(-1));
    });
}

TEST(tun_multishot, one_packet_per_completion_in_order) {
    WGNS_SKIP_UNLESS_ROOT();
    const struct {
        std::uint32_t packets;
        unsigned buffers;
        bool runs_out;
    } rows[] = {
        /* 1 */ {1, 8, false},
        /* 2 */ {100, 256, false},
        /* 3 */ {100, 8, true},
        /* 4 */ {300, 1, true},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(std::to_string(row.packets) + " packets, " + std::to_string(row.buffers));
        MultishotRing ring(row.buffers, 2048);
        if (const std::string missing = ring.missing(); !missing.empty()) GTEST_SKIP() << missing;
        const PrivateNetwork network;
        UniqueFd tun;
        network.run([&] {
            tun = open_tun_here(device);
            configure_here(device, "10.77.0.1");
            send_numbered(row.packets);  // the device queues up to 500
        });
        arm_read(ring, tun);
        std::uint32_t next = 0;
        const bool all = ring.collect(std::chrono::seconds(10), [&](auto buffer, int size) {
            const Bytes packet(buffer.data(), static_cast<std::size_t>(size));
            if (!is_ours(packet)) return true;
            EXPECT_EQ(load_be<std::uint32_t>(packet.subspan(headers_size)), next);
            EXPECT_EQ(load_be<std::uint16_t>(packet.subspan(2)), packet.size());
            EXPECT_EQ(packet.size(), headers_size + payload_size(next));
            return ++next < row.packets;
        });
        EXPECT_TRUE(all) << "only " << next << " arrived";
        EXPECT_EQ(ring.out_of_buffers() > 0, row.runs_out);
    }
}

// The usual case: the request waits on an empty device, one packet after the other, and never ends.
TEST(tun_multishot, waits_for_packets_still_to_come) {
    WGNS_SKIP_UNLESS_ROOT();
    MultishotRing ring(8, 2048);
    if (const std::string missing = ring.missing(); !missing.empty()) GTEST_SKIP() << missing;
    const PrivateNetwork network;
    UniqueFd tun;
    network.run([&] {
        tun = open_tun_here(device);
        configure_here(device, "10.77.0.1");
    });
    arm_read(ring, tun);
    const auto nothing = [](auto, int) { return true; };
    EXPECT_FALSE(ring.collect(std::chrono::milliseconds(60), nothing));
    for (int round = 0; round < 20; ++round) {
        network.run([] { send_numbered(1); });
        EXPECT_TRUE(ring.collect(std::chrono::seconds(10), [](auto buffer, int size) {
            return !is_ours({buffer.data(), static_cast<std::size_t>(size)});
        })) << round;
    }
    EXPECT_EQ(ring.out_of_buffers(), 0U);
}

}  // namespace
}  // namespace wgns::platform
