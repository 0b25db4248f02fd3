// C45 to C55: packets through whole workers, and what a datagram may hold.
#include <netinet/in.h>
#include <sys/socket.h>

#include "dataplane/checksum.h"
#include "dataplane/udp_socket.h"
#include "fixture.h"
#include "protocol/inner_packet.h"
#include "tests/dataplane/device_pair.h"
#include "tests/sim/two_hosts.h"

namespace wgns::conformance {
namespace {

// Two workers with a session, and a hand that can seal whatever it wants for `b`.
struct DataPath : sim::TwoHosts {
    void SetUp() override {
        establish();
        b.ports.written.clear();
    }
    // What `a` makes of a packet, not yet delivered.
    sim::Datagram sealed(std::vector<std::uint8_t> packet) {
        a.send(std::move(packet));
        a.turn();
        EXPECT_EQ(a.ports.sent.size(), 1u);
        sim::Datagram datagram = std::move(a.ports.sent.at(0));
        a.ports.sent.clear();
        return datagram;
    }
    sim::Datagram sealed() { return sealed(a.packet_to(b, 100)); }
    // How many packets `b` writes for it.
    std::size_t receive(const sim::Datagram& datagram) {
        const std::size_t before = b.ports.written.size();
        b.ports.to_receive.push_back(datagram);
        b.turn();
        return b.ports.written.size() - before;
    }
    Endpoint endpoint_of_a() { return b.snapshot().device.peers.at(0).endpoint; }
    static std::vector<std::uint8_t> addressed(std::vector<std::uint8_t> packet, std::size_t at,
                                               std::uint8_t last) {
        packet[at + 3] = last;
        return packet;
    }
};

// Ingress alone, for text that no TUN device would have sent.
struct Text : ::testing::Test {
    DevicePair pair;
    std::unique_ptr<Aead> aead = make_aead_sodium();
    Ingress ingress{pair.b.shared, *aead, {}};
    Turn turn;
    std::uint64_t counter = 1000;

    void SetUp() override { pair.connect(); }
    std::vector<ByteVector> receive(ByteVector datagram) {
        turn.from_udp.push_back(
            {outer_endpoint(1), 0, static_cast<std::uint32_t>(datagram.size()), datagram});
        ingress.run(turn, pair.moment());
        turn.pins.release();
        std::vector<ByteVector> written;
        for (const TunWrite& write : turn.to_tun) {
            ByteVector& packet = written.emplace_back();
            for (std::uint32_t i = 1; i < write.count; ++i) {
                const iovec& piece = turn.pieces[write.first + i];
                const auto* const bytes = static_cast<const std::uint8_t*>(piece.iov_base);
                packet.insert(packet.end(), bytes, bytes + piece.iov_len);
            }
        }
        turn.clear_received();
        return written;
    }
    std::vector<ByteVector> open(const ByteVector& text) {
        return receive(seal_data(pair.a.session(), counter++, text));
    }
};

TEST_F(DataPath, C45_ADuplicateIsRefused) {
    const auto datagram = sealed();
    EXPECT_EQ(receive(datagram), 1u);
    EXPECT_EQ(receive(datagram), 0u);
    EXPECT_EQ(b.drops(Drop::replayed_packet), 1u);
}

TEST_F(Text, C45_TheWindowHolds8128Packets) {
    const ByteVector packet = packet_between(1, 2, 64);
    const auto at = [&](std::uint64_t number) {
        return receive(seal_data(pair.a.session(), number, packet)).size();
    };
    EXPECT_EQ(at(20'000), 1u);
    EXPECT_EQ(at(20'000 - 8128), 1u);
    EXPECT_EQ(at(20'000 - 8129), 0u);
    EXPECT_EQ(at(20'000 - 100), 1u);
    EXPECT_EQ(at(20'000 - 100), 0u);
}

TEST_F(Text, C45_AForgedPacketDoesNotMoveTheWindow) {
    const ByteVector packet = packet_between(1, 2, 64);
    ByteVector forged = seal_data(pair.a.session(), std::uint64_t{1} << 50, packet);
    forged.back() ^= 1;
    EXPECT_TRUE(receive(forged).empty());
    EXPECT_EQ(open(packet).size(), 1u);
}

TEST_F(Text, C45_TheFirstPacketOfASessionCounts) {
    // The confirmation had counter 0.
    EXPECT_TRUE(receive(seal_data(pair.a.session(), 0, packet_between(1, 2, 64))).empty());
    EXPECT_EQ(receive(seal_data(pair.a.session(), 1, packet_between(1, 2, 64))).size(), 1u);
}

TEST_F(DataPath, C46_TheEndpointFollowsEveryAuthenticPacket) {
    for (const auto port : {std::uint16_t{1111}, std::uint16_t{2222}}) {
        auto datagram = sealed();
        datagram.from.port = port;
        datagram.from.local = b.ports.address.address;
        datagram.from.local_interface = 7;
        receive(datagram);
        EXPECT_EQ(endpoint_of_a(), datagram.from);
    }
}

struct Roaming : Conversation {};

TEST_F(Roaming, C46_HandshakesAndKeepalivesMoveTheEndpointToo) {
    connect();
    Endpoint from = *Endpoint::parse("[2001:db8::5]:5");
    const auto next = [&]() -> const Endpoint& {
        ++from.port;
        return from;
    };
    b.receive(initiate(a, b), next());
    EXPECT_EQ(b.peer_snapshot().endpoint, from);
    const Datagram response = only(b.take(), MessageType::response);
    EXPECT_EQ(response.to, from);
    a.receive(response, next());
    EXPECT_EQ(a.peer_snapshot().endpoint, from);
    static_cast<void>(a.take());
    set_keepalive(a, b, 25);
    b.receive(only(a.take(), MessageType::data), next());
    EXPECT_EQ(b.peer_snapshot().endpoint, from);
}

TEST_F(Roaming, C46_ReplayedForgedAndCookieMessagesMoveNothing) {
    meet();
    talk();
    const Endpoint elsewhere = *Endpoint::parse("198.51.100.9:9");
    const Datagram message = data(a, b, "hello");
    b.receive(message, a.address);
    Datagram forged = data(a, b, "hello");
    forged.bytes.back() ^= 1;
    EXPECT_EQ(b.receive(message, elsewhere), Drop::replayed_packet);
    EXPECT_EQ(b.receive(forged, elsewhere), Drop::bad_tag);
    EXPECT_EQ(b.peer_snapshot().endpoint, a.address);
    clock.advance(limits::reject_after_time);
    const Datagram cookie = answer(b, initiate(a, b), a, heavy);
    EXPECT_EQ(a.receive(cookie, elsewhere), std::nullopt);
    EXPECT_EQ(a.peer_snapshot().endpoint, b.address);
}

TEST_F(Text, C47_LengthsThatLieAreDropped) {
    const ByteVector good = packet_between(1, 2, 64);
    EXPECT_EQ(open(good).size(), 1u);
    ByteVector v6(40);
    v6[0] = 0x60;
    const auto with = [](ByteVector bytes, std::size_t at, std::uint8_t value) {
        bytes[at] = value;
        return bytes;
    };
    const ByteVector rows[] = {
        /* 0: shorter than a header */ ByteVector(good.begin(), good.begin() + 19),
        /* 1 */ ByteVector(v6.begin(), v6.begin() + 39),
        /* 2: longer than the text */ with(good, 3, 65),
        /* 3: shorter than a header, as they say */ with(good, 3, 19),
        /* 4: header beyond the packet */ with(with(good, 0, 0x4f), 3, 59),
        /* 5: header too short */ with(good, 0, 0x44),
        /* 6: payload beyond the text */ with(v6, 5, 1),
        /* 7: 16 bits would wrap to 4 */ with(with(v6, 4, 0xff), 5, 0xdc),
        /* 8: neither version */ with(good, 0, 0x55),
        /* 9 */ with(good, 0, 0),
    };
    std::size_t number = 0;
    for (const ByteVector& text : rows) {
        turn.drops = {};
        EXPECT_TRUE(open(text).empty()) << number;
        EXPECT_EQ(turn.drops[Drop::not_ip], 1u) << number;
        ++number;
    }
}

TEST_F(Text, C47_PaddingIsCutOff) {
    for (const std::size_t padding : {0u, 1u, 15u, 200u}) {
        ByteVector text = packet_between(1, 2, 50);
        text.resize(50 + padding, 0xee);
        EXPECT_EQ(open(text), std::vector<ByteVector>(1, packet_between(1, 2, 50)));
    }
}

TEST_F(DataPath, C48_TheSourceIsLookedUpInTheWholeTable) {
    // `a` has 10.0.0.0/24 by now, but another peer a longer prefix in it.
    ApplyChange change;
    change.change.peers.resize(2);
    change.change.peers[0].public_key = a.public_key();
    change.change.peers[0].allowed_ips.push_back({*IpPrefix::parse("10.0.0.0/24"), false});
    change.change.peers[1].public_key.bytes[0] = 9;
    change.change.peers[1].allowed_ips.push_back({*IpPrefix::parse("10.0.0.77/32"), false});
    b.post(std::move(change));
    EXPECT_EQ(receive(sealed(addressed(a.packet_to(b, 100), 12, 76))), 1u);
    EXPECT_EQ(receive(sealed(addressed(a.packet_to(b, 100), 12, 77))), 0u);
    auto nobodys = a.packet_to(b, 100);
    nobodys[12] = 11;
    EXPECT_EQ(receive(sealed(nobodys)), 0u);
    EXPECT_EQ(b.drops(Drop::bad_source), 2u);
}

TEST_F(DataPath, C49_WithoutAPeerOrAnEndpointNothingLeaves) {
    a.send(addressed(a.packet_to(b, 100), 16, 99));
    a.turn();
    EXPECT_TRUE(a.ports.sent.empty());
    EXPECT_EQ(a.drops(Drop::no_peer), 1u);
    ApplyChange change;
    PeerChange& silent = change.change.peers.emplace_back();
    silent.public_key.bytes[0] = 9;
    silent.allowed_ips.push_back({*IpPrefix::parse("10.0.0.99/32"), false});
    a.post(std::move(change));
    a.send(addressed(a.packet_to(b, 100), 16, 99));
    a.turn();
    EXPECT_TRUE(a.ports.sent.empty());
    EXPECT_EQ(a.drops(Drop::no_endpoint), 1u);
}

TEST_F(DataPath, C49_WhoSendsToNobodyIsToldByIcmp) {
    const std::size_t before = a.ports.written.size();
    const auto nobodys = addressed(a.packet_to(b, 100), 16, 99);
    a.send(nobodys);
    a.turn();
    ASSERT_EQ(a.ports.written.size(), before + 1);
    const auto& told = a.ports.written.back();
    ASSERT_EQ(told.size(), 128u);
    EXPECT_EQ(told[9], 1);   // ICMP
    EXPECT_EQ(told[20], 3);  // destination unreachable
    EXPECT_EQ(told[21], 1);  // host
    EXPECT_TRUE(std::equal(nobodys.begin(), nobodys.end(), told.begin() + 28));
}

TEST_F(DataPath, C49_WhatIsNotIpIsDroppedInSilence) {
    const std::size_t before = a.ports.written.size();
    for (const unsigned first : {0x00u, 0x35u, 0x50u, 0xffu}) {
        auto packet = a.packet_to(b, 100);
        packet[0] = static_cast<std::uint8_t>(first);
        a.send(std::move(packet));
    }
    a.turn();
    EXPECT_TRUE(a.ports.sent.empty());
    EXPECT_EQ(a.ports.written.size(), before);
    EXPECT_EQ(a.drops(Drop::not_ip), 4u);
}

TEST_F(Roaming, C50_HandshakesAreMarkedAF41) {
    connect();
    const Datagram initiation = initiate(a, b);
    EXPECT_EQ(initiation.tos, 0x88);
    EXPECT_EQ(answer(b, initiation, a).tos, 0x88);
}

TEST_F(DataPath, C50_TheInnerEcnIsOnTheOuterPacket) {
    for (const auto& [inner, outer] : {std::pair{0, 0}, {1, 1}, {2, 2}, {3, 2}}) {
        auto packet = a.packet_to(b, 100);
        packet[1] = static_cast<std::uint8_t>(0xb8 | inner);
        EXPECT_EQ(sealed(packet).tos, outer) << inner;
    }
}

TEST_F(DataPath, C50_CongestionOfTheOuterNetworkIsToldInside) {
    for (const auto& [inner, expected] : {std::pair{0, 0}, {1, 3}, {2, 3}, {3, 3}}) {
        auto packet = a.packet_to(b, 100);
        packet[1] = static_cast<std::uint8_t>(0xb8 | inner);
        sim::Datagram datagram = sealed(packet);
        datagram.tos = 3;
        ASSERT_EQ(receive(datagram), 1u);
        EXPECT_EQ(b.ports.written.back()[1], 0xb8 | expected) << inner;
    }
}

TEST(UdpSocket, C51_TheOuterPacketMayBeFragmented) {
    const auto udp = open_udp(AF_INET, 0, 0);
    ASSERT_TRUE(udp) << describe(udp.error());
    int mode = -1;
    socklen_t size = sizeof mode;
    ASSERT_EQ(::getsockopt(udp->get(), IPPROTO_IP, IP_MTU_DISCOVER, &mode, &size), 0);
    EXPECT_EQ(mode, IP_PMTUDISC_DONT);
}

TEST_F(DataPath, C52_AnInnerChecksumIsLeftAlone) {
    auto packet = a.packet_to(b, 100);
    packet[10] = 0xab;  // IPv4's, which is wrong
    packet[26] = 0xcd;  // UDP's
    EXPECT_EQ(receive(sealed(packet)), 1u);
    EXPECT_EQ(b.ports.written.back(), packet);
}

TEST(Checksum, C52_WhatTheKernelLeftUnfinishedIsFinished) {
    DevicePair pair;
    pair.connect();
    const std::unique_ptr<Aead> aead = make_aead_sodium();
    Egress egress(*aead);
    Turn turn;
    ByteVector frame = tcp_frame(1, 2, 100, 0);
    VirtioHeader{.flags = VirtioHeader::needs_checksum,
                 .header_size = 40,
                 .checksum_start = 20,
                 .checksum_offset = 16}
        .write(frame);
    // The kernel leaves the sum of the pseudo header there.
    const MutableBytes packet = MutableBytes(frame).subspan(VirtioHeader::size);
    store_be(packet.subspan(36), static_cast<std::uint16_t>(0x0a00 + 1 + 0x0a00 + 2 + 6 + 120));
    turn.from_tun.push_back({frame});
    egress.route(turn, *pair.a.shared.hold(), pair.moment());
    egress.seal(turn);
    turn.pins.release();
    const auto sent = take_sent(turn.to_udp);
    ASSERT_EQ(sent.size(), 1u);
    auto text = open_data(pair.b.session(), sent[0].bytes);
    ASSERT_TRUE(text);
    // The segment and its pseudo header sum up to nothing left over.
    std::uint32_t sum = 6 + 120;
    for (std::size_t at = 12; at < 140; at += 2)
        sum += load_be<std::uint16_t>(Bytes(*text).subspan(at));
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    EXPECT_EQ(sum, 0xffffu);
}

TEST_F(Roaming, C53_BytesAreThoseOnTheWire) {
    establish();
    EXPECT_EQ(a.peer_snapshot().sent_bytes, 148u + 32u);
    EXPECT_EQ(a.peer_snapshot().received_bytes, 92u);
    EXPECT_EQ(b.peer_snapshot().received_bytes, 148u + 32u);
    EXPECT_EQ(b.peer_snapshot().sent_bytes, 92u);
    Datagram forged = data(a, b, "hello");
    forged.bytes.back() ^= 1;
    b.receive(forged, a.address);
    EXPECT_EQ(b.peer_snapshot().received_bytes, 148u + 32u);
}

TEST_F(DataPath, C53_PaddingCounts) {
    const auto sent_by = [](sim::Host& host) {
        return host.snapshot().device.peers.at(0).sent_bytes;
    };
    const auto received_by = [](sim::Host& host) {
        return host.snapshot().device.peers.at(0).received_bytes;
    };
    const std::uint64_t sent = sent_by(a), received = received_by(b);
    EXPECT_EQ(receive(sealed(a.packet_to(b, 100))), 1u);
    EXPECT_EQ(sent_by(a) - sent, 112u + 32u);
    EXPECT_EQ(received_by(b) - received, 112u + 32u);
}

struct AllowedIp : Conversation {
    std::optional<PublicKey> owner(const char* address) {
        const Peer* const peer = a.device.route(*IpAddress::parse(address));
        return peer ? std::optional(peer->public_key) : std::nullopt;
    }
    PublicKey give(std::uint8_t number, const char* prefix) {
        PeerChange change;
        change.public_key.bytes[0] = number;
        change.allowed_ips.push_back({*IpPrefix::parse(prefix), false});
        const PublicKey key = change.public_key;
        a.apply(std::move(change));
        return key;
    }
};

TEST_F(AllowedIp, C54_APrefixMovesToItsLastClaimant) {
    const PublicKey one = give(11, "10.1.0.0/16");
    EXPECT_EQ(owner("10.1.2.3"), one);
    const PublicKey two = give(12, "10.1.0.0/16");
    EXPECT_EQ(owner("10.1.2.3"), two);
    EXPECT_TRUE(a.device.snapshot().peers.at(0).allowed_ips.empty());
}

TEST_F(AllowedIp, C54_HostBitsAreMasked) {
    const PublicKey one = give(11, "10.1.2.3/8");
    EXPECT_EQ(owner("10.200.0.1"), one);
    EXPECT_EQ(a.device.snapshot().peers.at(0).allowed_ips.at(0).to_string(), "10.0.0.0/8");
}

TEST_F(AllowedIp, C54_LengthZeroIsEverythingOfItsFamily) {
    const PublicKey v4 = give(11, "0.0.0.0/0"), v6 = give(12, "::/0");
    const PublicKey longer = give(13, "10.0.0.0/8");
    EXPECT_EQ(owner("203.0.113.1"), v4);
    EXPECT_EQ(owner("2001:db8::1"), v6);
    EXPECT_EQ(owner("10.1.1.1"), longer);
}

TEST_F(Text, C55_EverySizeIsReceivedWhole) {
    for (const std::size_t size : {20u, 21u, 1500u, 4096u, 4097u, 9000u, 65'475u}) {
        const ByteVector packet = packet_between(1, 2, size);
        EXPECT_EQ(open(packet), std::vector<ByteVector>(1, packet)) << size;
    }
}

TEST_F(Text, C55_NoSizeOfADatagramIsTooMuch) {
    for (std::size_t size = 0; size <= 65'507; size += size < 300 ? 1 : 509) {
        ByteVector datagram(size, 4);
        if (size >= 4) std::fill_n(datagram.begin() + 1, 3, std::uint8_t{0});
        EXPECT_TRUE(receive(datagram).empty());
    }
    EXPECT_EQ(open(packet_between(1, 2, 64)).size(), 1u);
}

}  // namespace
}  // namespace wgns::conformance
