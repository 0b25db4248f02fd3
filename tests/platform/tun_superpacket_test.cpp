// What dataplane/superpacket relies on: a TUN with offloads hands over what a program sends in one
// call as one packet, whose checksum field holds the pseudo-header's sum with the length of the
// whole, and says where that field lies.
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "tests/platform/private_network.h"

namespace wgns::platform {
namespace {

constexpr const char* device = "wgnstest0";
constexpr const char* own = "10.77.0.1";
constexpr const char* peer = "10.77.0.2";
// linux/if_tun.h from 6.2 on; Debian 12's is older.
constexpr unsigned tun_f_uso4 = 0x20, tun_f_uso6 = 0x40;

// linux/virtio_net.h, which is no C++.
struct VirtioNetHeader {
    std::uint8_t flags, gso_type;
    std::uint16_t hdr_len, gso_size, csum_start, csum_offset;
};
static_assert(sizeof(VirtioNetHeader) == 10);
constexpr std::uint8_t needs_csum = 1, gso_none = 0, gso_tcp_v4 = 1, gso_udp_l4 = 5;

struct Frame {
    VirtioNetHeader header{};
    std::vector<std::uint8_t> packet;
};

bool is_ipv4(const Frame& frame) {
    return frame.packet.size() > sizeof(iphdr) && frame.packet[0] == 0x45;
}

// RFC 1071 over RFC 768's and RFC 9293's pseudo-header.
std::uint16_t pseudo_header_sum(Bytes packet) {
    const std::size_t length = packet.size() - sizeof(iphdr);
    std::size_t sum = packet[9] + length;
    for (std::size_t at = 12; at < 20; at += 2)
        sum += load_be<std::uint16_t>(packet.subspan(at));
    return static_cast<std::uint16_t>(sum % 0xffff);
}

void expect_superpacket(const Frame& frame, std::uint8_t type, std::uint16_t offset) {
    const Bytes packet(frame.packet);
    EXPECT_EQ(frame.header.flags, needs_csum);
    EXPECT_EQ(frame.header.gso_type, type);
    EXPECT_EQ(frame.header.csum_start, sizeof(iphdr));
    EXPECT_EQ(frame.header.csum_offset, offset);
    EXPECT_EQ(load_be<std::uint16_t>(packet.subspan(2)), packet.size());
    const auto field = load_be<std::uint16_t>(packet.subspan(sizeof(iphdr) + offset));
    EXPECT_EQ(field % 0xffff, pseudo_header_sum(packet));
}

class Tun {
public:
    Tun() : fd_(open_tun_here(device, IFF_VNET_HDR)) { configure_here(device, own); }

    [[nodiscard]] bool offload() const {
        const unsigned offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | tun_f_uso4 | tun_f_uso6;
        return ::ioctl(fd_.get(), TUNSETOFFLOAD, offloads) == 0;
    }
    // Nothing within 20 ms: an empty packet.
    [[nodiscard]] Frame read() const {
        pollfd readable{fd_.get(), POLLIN, 0};
        if (::poll(&readable, 1, 20) != 1) return {};
        std::vector<std::uint8_t> bytes(70'000);
        const ssize_t size = ::read(fd_.get(), bytes.data(), bytes.size());
        Frame frame;
        if (size <= static_cast<ssize_t>(sizeof frame.header)) return frame;
        std::memcpy(&frame.header, bytes.data(), sizeof frame.header);
        frame.packet.assign(bytes.begin() + sizeof frame.header, bytes.begin() + size);
        return frame;
    }
    // As if the peer had sent it: with its addresses exchanged, which leaves every sum as it was.
    void reflect(const Frame& frame) const {
        std::vector<std::uint8_t> bytes(sizeof frame.header);
        std::memcpy(bytes.data(), &frame.header, sizeof frame.header);
        bytes.insert(bytes.end(), frame.packet.begin(), frame.packet.end());
        const auto source = bytes.begin() + sizeof frame.header + 12;
        std::swap_ranges(source, source + 4, source + 4);
        EXPECT_EQ(::write(fd_.get(), bytes.data(), bytes.size()),
                  static_cast<ssize_t>(bytes.size()));
    }

private:
    UniqueFd fd_;
};

// Until a superpacket comes, or an empty one after ten seconds.
Frame await_superpacket(const Tun& tun, const std::function<void(const Frame&)>& others) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < deadline) {
        Frame frame = tun.read();
        if (is_ipv4(frame) && frame.header.gso_type != gso_none) return frame;
        others(frame);
    }
    return {};
}

TEST(tun_superpacket, a_udp_train) {
    WGNS_SKIP_UNLESS_ROOT();
    PrivateNetwork().run([] {
        const Tun tun;
        if (!tun.offload()) GTEST_SKIP() << "USO needs Linux 6.2";
        const UniqueFd udp = udp_socket_here();
        const int segment_size = 1000;
        ASSERT_EQ(::setsockopt(udp.get(), SOL_UDP, UDP_SEGMENT, &segment_size, sizeof(int)), 0);
        const sockaddr_in to = ipv4(peer, 9);
        const std::array<std::uint8_t, 8200> payload{};
        ASSERT_EQ(::sendto(udp.get(), payload.data(), payload.size(), 0,
                           reinterpret_cast<const sockaddr*>(&to), sizeof to),
                  static_cast<ssize_t>(payload.size()));
        const Frame frame = await_superpacket(tun, [](const Frame&) {});
        ASSERT_EQ(frame.packet.size(), sizeof(iphdr) + sizeof(udphdr) + payload.size());
        EXPECT_EQ(frame.header.gso_size, segment_size);
        expect_superpacket(frame, gso_udp_l4, offsetof(udphdr, check));
    });
}

// A connection of the host with itself, by way of the device.
TEST(tun_superpacket, a_tcp_stream) {
    WGNS_SKIP_UNLESS_ROOT();
    PrivateNetwork().run([] {
        const Tun tun;
        if (!tun.offload()) GTEST_SKIP() << "USO needs Linux 6.2";
        const sockaddr_in here = ipv4(own, 5000), there = ipv4(peer, 5000);
        const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here), 0);
        ASSERT_EQ(::listen(listener.get(), 1), 0);
        const UniqueFd tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        ASSERT_EQ(::connect(tcp.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there),
                  -1);
        ASSERT_EQ(errno, EINPROGRESS);
        const std::vector<std::uint8_t> payload(200'000);
        const Frame frame = await_superpacket(tun, [&](const Frame& other) {
            if (is_ipv4(other)) tun.reflect(other);
            // Fails until the connection is there, and when its buffer is full.
            (void)::send(tcp.get(), payload.data(), payload.size(), MSG_NOSIGNAL);
        });
        ASSERT_GT(frame.packet.size(), 1500U);
        EXPECT_GT(frame.header.gso_size, 1000);
        expect_superpacket(frame, gso_tcp_v4, offsetof(tcphdr, check));
    });
}

}  // namespace
}  // namespace wgns::platform
