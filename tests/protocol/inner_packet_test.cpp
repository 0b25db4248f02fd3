#include "protocol/inner_packet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace wgns {
namespace {

// A header with the given length field; `size` bytes in all, whatever the header says.
std::vector<std::uint8_t> v4_packet(std::size_t size, unsigned total_length, unsigned ihl = 5) {
    std::vector<std::uint8_t> packet(std::max<std::size_t>(size, 20));
    packet[0] = static_cast<std::uint8_t>(0x40 | ihl);
    packet[1] = 0xb9;
    store_be(std::span(packet).subspan(2), static_cast<std::uint16_t>(total_length));
    packet[9] = 17;
    const std::uint8_t addresses[] = {10, 0, 0, 1, 192, 168, 7, 9};
    copy_bytes(std::span(packet).subspan(12), addresses);
    packet.resize(size);
    return packet;
}

std::vector<std::uint8_t> v6_packet(std::size_t size, unsigned payload_length) {
    std::vector<std::uint8_t> packet(std::max<std::size_t>(size, 40));
    packet[0] = 0x6b;
    packet[1] = 0x9f;  // traffic class b9, flow label f0000
    store_be(std::span(packet).subspan(4), static_cast<std::uint16_t>(payload_length));
    packet[6] = 58;
    copy_bytes(std::span(packet).subspan(8), IpAddress::parse("fd00::1").value().bytes());
    copy_bytes(std::span(packet).subspan(24), IpAddress::parse("2001:db8::2").value().bytes());
    packet.resize(size);
    return packet;
}

TEST(InnerPacket, Ipv4Fields) {
    const auto bytes = v4_packet(64, 50);
    const auto packet = InnerPacket::parse(bytes);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->version(), 4u);
    EXPECT_EQ(packet->length(), 50u);
    EXPECT_EQ(packet->bytes().data(), bytes.data());
    EXPECT_EQ(packet->source().to_string(), "10.0.0.1");
    EXPECT_EQ(packet->destination().to_string(), "192.168.7.9");
    EXPECT_EQ(packet->protocol(), 17);
    EXPECT_EQ(packet->traffic_class(), 0xb9);
}

TEST(InnerPacket, Ipv6Fields) {
    const auto bytes = v6_packet(64, 8);
    const auto packet = InnerPacket::parse(bytes);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->version(), 6u);
    EXPECT_EQ(packet->length(), 48u);
    EXPECT_EQ(packet->source().to_string(), "fd00::1");
    EXPECT_EQ(packet->destination().to_string(), "2001:db8::2");
    EXPECT_EQ(packet->protocol(), 58);
    EXPECT_EQ(packet->traffic_class(), 0xb9);
}

TEST(InnerPacket, Lengths) {
    struct Case {
        std::vector<std::uint8_t> bytes;
        std::size_t length;  // 0: refused
    };
    const std::vector<Case> cases = {
        /*  1 */ {{}, 0},
        /*  2 */ {{0x45}, 0},
        /*  3 */ {{0x60}, 0},
        /*  4 */ {v4_packet(19, 19), 0},
        /*  5 */ {v4_packet(20, 20), 20},
        /*  6 */ {v4_packet(20, 19), 0},
        /*  7 */ {v4_packet(20, 0), 0},
        /*  8 */ {v4_packet(20, 21), 0},
        /*  9 */ {v4_packet(32, 20), 20},
        /* 10 */ {v4_packet(65'535, 65'535), 65'535},
        /* 11 */ {v4_packet(65'534, 65'535), 0},
        /* 12 */ {v4_packet(70'000, 65'535), 65'535},
        /* 13 */ {v4_packet(60, 60, 4), 0},    // header shorter than a header
        /* 14 */ {v4_packet(60, 60, 0), 0},    //
        /* 15 */ {v4_packet(60, 60, 15), 60},  // nothing but options
        /* 16 */ {v4_packet(60, 59, 15), 0},   // options past the packet
        /* 17 */ {v4_packet(24, 24, 6), 24},
        /* 18 */ {v4_packet(23, 24, 6), 0},
        /* 19 */ {v6_packet(39, 0), 0},
        /* 20 */ {v6_packet(40, 0), 40},
        /* 21 */ {v6_packet(40, 1), 0},
        /* 22 */ {v6_packet(48, 1), 41},
        /* 23 */ {v6_packet(65'535, 65'495), 65'535},
        /* 24 */ {v6_packet(65'535, 65'500), 0},  // wraps to 4 in 16 bits
        /* 25 */ {v6_packet(65'535, 65'535), 0},
        /* 26 */ {v6_packet(65'575, 65'535), 65'575},
        /* 27 */ {v6_packet(40, 65'496), 0},  // wraps to 0
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto packet = InnerPacket::parse(cases[i].bytes);
        EXPECT_EQ(packet ? packet->length() : 0, cases[i].length) << "case " << i + 1;
    }
}

TEST(InnerPacket, OtherVersionsAreNotIp) {
    for (unsigned version = 0; version < 16; ++version) {
        auto bytes = v6_packet(64, 24);
        bytes[0] = static_cast<std::uint8_t>(version << 4 | 5);
        if (version == 4) store_be(std::span(bytes).subspan(2), std::uint16_t{64});
        EXPECT_EQ(InnerPacket::parse(bytes).has_value(), version == 4 || version == 6) << version;
    }
}

// Else a peer with an IPv4 prefix could send IPv6 packets under it.
TEST(InnerPacket, MappedAddressesAreRefused) {
    const auto mapped = IpAddress::parse("10.0.0.1").value().mapped();
    for (const std::size_t offset : {8u, 24u}) {
        auto bytes = v6_packet(40, 0);
        copy_bytes(std::span(bytes).subspan(offset), mapped);
        EXPECT_FALSE(InnerPacket::parse(bytes)) << offset;
    }
}

TEST(InnerPacket, NoiseNeverLies) {
    std::mt19937 random(7);
    std::size_t accepted = 0;
    for (int i = 0; i < 100'000; ++i) {
        std::vector<std::uint8_t> bytes(random() % 96);
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(random());
        if (!bytes.empty()) bytes[0] = static_cast<std::uint8_t>(random() % 2 ? 0x45 : 0x60);
        if (bytes.size() > 5) bytes[2] = bytes[4] = 0;
        const auto packet = InnerPacket::parse(bytes);
        if (!packet) continue;
        ++accepted;
        ASSERT_LE(packet->length(), bytes.size());
        ASSERT_GE(packet->length(), packet->version() == 4 ? 20u : 40u);
        ASSERT_EQ(packet->source().is_v4(), packet->version() == 4);
    }
    EXPECT_GT(accepted, 1000u);
}

TEST(InnerPacket, PaddedSize) {
    struct Case {
        std::size_t size, mtu, padded;
    };
    const Case cases[] = {
        /*  1 */ {0, 1420, 0},         // a keepalive
        /*  2 */ {1, 1420, 16},        //
        /*  3 */ {16, 1420, 16},       //
        /*  4 */ {17, 1420, 32},       //
        /*  5 */ {1408, 1420, 1408},   //
        /*  6 */ {1409, 1420, 1420},   // never past the MTU
        /*  7 */ {1420, 1420, 1420},   //
        /*  8 */ {1421, 1420, 1436},   // a last part of 1 byte
        /*  9 */ {2840, 1420, 2840},   // two whole parts
        /* 10 */ {2839, 1420, 2840},   // a last part of 1419 bytes
        /* 11 */ {2837, 1420, 2840},   //
        /* 12 */ {1437, 1420, 1452},   // a last part of 17 bytes
        /* 13 */ {0, 0, 0},            // no limit
        /* 14 */ {1409, 0, 1424},      //
        /* 15 */ {65'535, 0, 65'536},  //
        /* 16 */ {7, 8, 8},            // an MTU below the unit
        /* 17 */ {3, 1, 3},            //
        /* 18 */ {100, 1280, 112},     //
    };
    int number = 0;
    for (const Case& c : cases) {
        ++number;
        EXPECT_EQ(padded_size(c.size, c.mtu), c.padded) << "case " << number;
    }
}

TEST(InnerPacket, PaddingIsBelowOneUnit) {
    for (const std::size_t mtu : {0u, 1u, 15u, 16u, 576u, 1280u, 1420u, 65'535u})
        for (std::size_t size = 0; size < 5000; ++size) {
            const std::size_t padded = padded_size(size, mtu);
            ASSERT_GE(padded, size);
            ASSERT_LT(padded - size, 16u);
            ASSERT_TRUE(mtu == 0 || size > mtu || padded <= mtu);
        }
}

}  // namespace
}  // namespace wgns
