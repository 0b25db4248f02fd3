#include "dataplane/superpacket.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/dataplane/superpacket_model.h"

namespace wgns {
namespace {

using model::Packet;
using model::Shape;

// Into buffers of just that size, so that AddressSanitizer sees every byte too many.
std::vector<Packet> written(const Superpacket& superpacket) {
    std::vector<Packet> packets;
    for (std::size_t i = 0; i < superpacket.segment_count(); ++i) {
        Packet packet(superpacket.segment_size(i), 0xaa);
        superpacket.write_segment(i, packet);
        packets.push_back(packet);
    }
    return packets;
}

// From a copy of the frame's own size, for the same reason. Nothing if it is refused.
std::vector<Packet> split(const Packet& frame) {
    Packet copy(frame);
    copy.shrink_to_fit();
    const auto superpacket = Superpacket::parse(copy);
    return superpacket ? written(*superpacket) : std::vector<Packet>{};
}

void expect_as_the_model(const Shape& shape, std::mt19937& random, const std::string& what) {
    const Packet frame = model::make_frame(shape, random);
    const auto expected = model::segments(shape, frame);
    const auto packets = split(frame);
    ASSERT_EQ(packets.size(), expected.size()) << what;
    for (std::size_t i = 0; i < packets.size(); ++i) {
        ASSERT_EQ(packets[i], expected[i]) << what << ", segment " << i;
        ASSERT_TRUE(model::checksums_hold(shape, packets[i])) << what << ", segment " << i;
    }
}

TEST(Superpacket, Sizes) {
    struct Case {
        std::size_t payload;
        std::uint16_t gso_size;
        std::size_t count, last;  // of payload
    };
    const Case cases[] = {
        /*  1 */ {3000, 1000, 3, 1000},  //
        /*  2 */ {3001, 1000, 4, 1},     //
        /*  3 */ {2999, 1000, 3, 999},   //
        /*  4 */ {1001, 1000, 2, 1},     //
        /*  5 */ {1000, 1000, 1, 1000},  //
        /*  6 */ {999, 1000, 1, 999},    // larger than the payload
        /*  7 */ {1, 65'535, 1, 1},      //
        /*  8 */ {0, 1000, 1, 0},        // nothing to cut, still a checksum to finish
        /*  9 */ {0, 1, 1, 0},           //
        /* 10 */ {100, 1, 100, 1},       // the smallest
        /* 11 */ {65'000, 1368, 48, 704},
        /* 12 */ {65'000, 1369, 48, 657},  // odd
    };
    std::mt19937 random(1);
    int number = 0;
    for (const Case& c : cases) {
        ++number;
        for (const unsigned version : {4u, 6u})
            for (const bool udp : {false, true}) {
                const Shape shape{version, udp, c.gso_size, c.payload};
                const auto packets = split(model::make_frame(shape, random));
                ASSERT_EQ(packets.size(), c.count) << "case " << number;
                EXPECT_EQ(packets.front().size(),
                          shape.headers() + std::min<std::size_t>(c.payload, c.gso_size))
                    << "case " << number;
                EXPECT_EQ(packets.back().size(), shape.headers() + c.last) << "case " << number;
                expect_as_the_model(shape, random, "case " + std::to_string(number));
            }
    }
}

TEST(Superpacket, TcpFlags) {
    struct Case {
        std::uint8_t whole, first, middle, last;
    };
    // CWR ECE URG ACK  PSH RST SYN FIN
    const Case cases[] = {
        /*  1 */ {0x10, 0x10, 0x10, 0x10},
        /*  2 */ {0x18, 0x10, 0x10, 0x18},
        /*  3 */ {0x11, 0x10, 0x10, 0x11},
        /*  4 */ {0x19, 0x10, 0x10, 0x19},
        /*  5 */ {0x90, 0x90, 0x10, 0x10},
        /*  6 */ {0xd9, 0xd0, 0x50, 0x59},
        /*  7 */ {0xff, 0xf6, 0x76, 0x7f},
        /*  8 */ {0x00, 0x00, 0x00, 0x00},
    };
    std::mt19937 random(2);
    int number = 0;
    for (const Case& c : cases) {
        ++number;
        Shape shape{.tcp_flags = c.whole};
        const auto packets = split(model::make_frame(shape, random));
        ASSERT_EQ(packets.size(), 3u);
        EXPECT_EQ(packets[0].at(33), c.first) << "case " << number;
        EXPECT_EQ(packets[1].at(33), c.middle) << "case " << number;
        EXPECT_EQ(packets[2].at(33), c.last) << "case " << number;
        shape.payload = 500;  // one segment is first and last
        EXPECT_EQ(split(model::make_frame(shape, random)).at(0).at(33), c.whole);
    }
}

TEST(Superpacket, EcnOfTheHeaderChangesNothing) {
    std::mt19937 random(3);
    for (const unsigned version : {4u, 6u}) {
        const Shape shape{.version = version, .tcp_flags = 0x90};
        Packet frame = model::make_frame(shape, random);
        frame[1] |= VirtioHeader::ecn;
        EXPECT_EQ(split(frame), model::segments(shape, frame));
    }
}

TEST(Superpacket, NumbersWrapAround) {
    std::mt19937 random(4);
    const Shape shape;
    Packet frame = model::make_frame(shape, random);
    model::put16(frame, VirtioHeader::size + 4, 0xffff);
    model::put32(frame, VirtioHeader::size + 24, 0xffff'fe00);
    const auto packets = split(frame);
    ASSERT_EQ(packets, model::segments(shape, frame));
    EXPECT_EQ(model::get16(packets[0], 4), 0xffff);
    EXPECT_EQ(model::get16(packets[1], 4), 0);
    EXPECT_EQ(model::get32(packets[0], 24), 0xffff'fe00);
    EXPECT_EQ(model::get32(packets[1], 24), 0x1e8u);
}

TEST(Superpacket, EqualsTheModelWhateverTheShape) {
    std::mt19937 random(5);
    const auto below = [&](std::size_t limit) { return random() % limit; };
    for (int round = 0; round < 4000; ++round) {
        Shape shape{.version = below(2) ? 4u : 6u, .udp = below(3) == 0};
        shape.tcp_flags = static_cast<std::uint8_t>(random());
        shape.tcp_options = below(2) ? 12 : below(11) * 4;
        if (below(4) == 0) shape.ip_extra = shape.version == 4 ? below(11) * 4 : below(20) * 8;
        // Most small, some as large as they get.
        const std::size_t payload_max = 65'535 - shape.headers();
        shape.payload = below(10) == 0 ? payload_max - below(3) : below(below(5) ? 4000 : 30'000);
        const std::size_t least = shape.payload / 4000 + 1;
        shape.gso_size = static_cast<std::uint16_t>(least + below(below(2) ? 1500 : 9000));
        expect_as_the_model(shape, random, "round " + std::to_string(round));
        if (HasFatalFailure()) return;
    }
}

TEST(Superpacket, TheLongestIpv6Packet) {
    std::mt19937 random(16);
    const std::size_t payload = 65'535 - 20;  // 65,575 bytes in all
    expect_as_the_model({.version = 6, .gso_size = 1368, .payload = payload}, random, "TCP");
    expect_as_the_model({.version = 6, .gso_size = 65'535, .payload = payload}, random, "whole");
}

// The transport's pseudo-header has the final destination (RFC 8200 8.1), which the kernel's
// partial sum knows.
TEST(Superpacket, UnderARoutingHeaderTheSumIsTheFinalDestinations) {
    std::mt19937 random(6);
    Shape shape{.version = 6, .ip_extra = 32};
    Packet frame = model::make_frame(shape, random);
    const std::size_t ip = VirtioHeader::size, routing = ip + 48;
    frame[ip + 40] = 43;
    frame[routing + 3] = 1;  // segments left
    Packet arrived(frame.begin() + VirtioHeader::size, frame.end());
    std::copy_n(arrived.begin() + 56, 16, arrived.begin() + 24);
    const std::size_t length = arrived.size() - shape.transport();
    model::put16(frame, ip + shape.transport() + 16,
                 model::sum_words(model::pseudo_header(shape, arrived, length)));
    const auto packets = split(frame);
    ASSERT_EQ(packets.size(), 3u);
    for (Packet packet : packets) {
        EXPECT_FALSE(model::checksums_hold(shape, packet));
        std::copy_n(packet.begin() + 56, 16, packet.begin() + 24);
        EXPECT_TRUE(model::checksums_hold(shape, packet));
    }
}

TEST(Superpacket, RoutesByItsAddresses) {
    std::mt19937 random(7);
    for (const unsigned version : {4u, 6u}) {
        const Packet frame = model::make_frame({.version = version}, random);
        const auto superpacket = Superpacket::parse(frame);
        ASSERT_TRUE(superpacket);
        const auto inner = InnerPacket::parse(Bytes(frame).subspan(VirtioHeader::size));
        EXPECT_EQ(superpacket->inner().destination(), inner->destination());
        EXPECT_EQ(superpacket->inner().length(), inner->length());
    }
}

TEST(Superpacket, BehindThePacketIsPadding) {
    std::mt19937 random(8);
    const Shape shape;
    const Packet frame = model::make_frame(shape, random);
    Packet padded = frame;
    padded.resize(frame.size() + 20, 0x55);
    EXPECT_EQ(split(padded), model::segments(shape, frame));
}

TEST(Superpacket, GrowsOnlySoFar) {
    struct Case {
        Shape shape;
        std::size_t count;  // 0: too big
    };
    const Case cases[] = {
        /*  1 */ {{4, false, 8, 65'472}, 8184},  // TCP's smallest
        /*  2 */ {{4, false, 8, 65'400, 0x10, 40, 40}, 8175},
        /*  3 */ {{6, false, 8, 65'400, 0x10, 0, 40}, 8175},
        /*  4 */ {{4, false, 1, 8192}, 8192},
        /*  5 */ {{4, false, 1, 8193}, 0},
        /*  6 */ {{4, true, 7, 60'000}, 0},
        /*  7 */ {{4, true, 500, 64'001}, 129},
        /*  8 */ {{6, false, 1000, 60'000, 0x10, 2000, 0}, 60},
        /*  9 */ {{6, false, 50, 25'000, 0x10, 1984, 0}, 500},  // 1,047,000 bytes
        /* 10 */ {{6, false, 50, 25'001, 0x10, 1984, 0}, 0},    // 1,049,045
    };
    std::mt19937 random(9);
    int number = 0;
    for (const Case& c : cases) {
        ++number;
        const Packet frame = model::make_frame(c.shape, random);
        const auto superpacket = Superpacket::parse(frame);
        ASSERT_EQ(superpacket.has_value(), c.count != 0) << "case " << number;
        if (c.count == 0)
            EXPECT_EQ(superpacket.error(), Drop::too_big) << "case " << number;
        else
            EXPECT_EQ(superpacket->segment_count(), c.count) << "case " << number;
    }
}

TEST(Superpacket, WithoutOffloadsItIsACopy) {
    std::mt19937 random(10);
    for (const unsigned version : {4u, 6u})
        for (const std::uint8_t flags :
             {std::uint8_t{0}, std::uint8_t{2}}) {  // 2: VIRTIO_NET_HDR_F_DATA_VALID
            const Shape shape{.version = version, .payload = 1203};
            Packet frame = model::make_frame(shape, random);
            VirtioHeader{.flags = flags}.write(frame);
            const Packet packet(frame.begin() + VirtioHeader::size, frame.end());
            EXPECT_EQ(split(frame), std::vector<Packet>{packet});
        }
}

TEST(Superpacket, FinishesAChecksum) {
    std::mt19937 random(11);
    for (const unsigned version : {4u, 6u})
        for (const bool udp : {false, true})
            for (std::size_t payload = 0; payload < 300; ++payload) {
                const Shape shape{.version = version, .udp = udp, .payload = payload};
                Packet frame = model::make_frame(shape, random);
                VirtioHeader header = model::virtio_header(shape);
                header.gso_type = VirtioHeader::no_gso;
                header.gso_size = 0;
                header.write(frame);
                const auto packets = split(frame);
                ASSERT_EQ(packets.size(), 1u);
                // Nothing else is touched: the model would have rewritten IPv4's own checksum.
                Packet expected =
                    model::segments(
                        {.version = version, .udp = udp, .gso_size = 1000, .payload = payload},
                        frame)
                        .at(0);
                if (version == 4)
                    model::put16(expected, 10, model::get16(frame, VirtioHeader::size + 10));
                if (version == 4)
                    model::put16(expected, 4, model::get16(frame, VirtioHeader::size + 4));
                ASSERT_EQ(packets[0], expected) << payload;
            }
}

// RFC 768: zero would mean that there is none.
TEST(Superpacket, AUdpChecksumIsNeverZero) {
    std::mt19937 random(12);
    for (const bool cut : {false, true})
        for (const unsigned version : {4u, 6u}) {
            const Shape shape{version, true, 1000, 2000};
            Packet frame = model::make_frame(shape, random);
            if (!cut) frame[1] = VirtioHeader::no_gso;
            // What a segment's checksum came to as its payload makes the next one's zero.
            const std::size_t at = shape.transport() + 6;
            const std::size_t word = VirtioHeader::size + shape.headers() + 10;
            model::put16(frame, word, 0);
            model::put16(frame, word, model::get16(split(frame).at(0), at));
            EXPECT_EQ(model::get16(split(frame).at(0), at), 0xffff);
        }
}

TEST(Superpacket, WhereAChecksumMayBe) {
    struct Case {
        unsigned version;
        std::uint16_t start, offset;
        bool taken;
    };
    // Packets of 1,000 bytes.
    const Case cases[] = {
        /*  1 */ {4, 20, 16, true},
        /*  2 */ {4, 20, 0, true},
        /*  3 */ {4, 20, 978, true},
        /*  4 */ {4, 20, 979, false},  // half of it behind the end
        /*  5 */ {4, 20, 65'535, false},
        /*  6 */ {4, 998, 0, true},
        /*  7 */ {4, 999, 0, false},
        /*  8 */ {4, 65'535, 0, false},
        /*  9 */ {4, 65'535, 65'535, false},
        /* 10 */ {4, 19, 2, false},  // the IP header is not its to change
        /* 11 */ {4, 16, 0, false},
        /* 12 */ {4, 0, 20, false},
        /* 13 */ {4, 21, 3, true},
        /* 14 */ {6, 40, 16, true},
        /* 15 */ {6, 39, 2, false},
        /* 16 */ {6, 998, 0, true},
    };
    std::mt19937 random(14);
    int number = 0;
    for (const Case& c : cases) {
        ++number;
        Shape shape{.version = c.version};
        shape.payload = 1000 - shape.headers();
        Packet frame = model::make_frame(shape, random);
        VirtioHeader{.flags = 1, .checksum_start = c.start, .checksum_offset = c.offset}.write(
            frame);
        const auto packets = split(frame);
        ASSERT_EQ(packets.size(), c.taken ? 1u : 0u) << "case " << number;
        if (!c.taken) continue;
        Packet expected(frame.begin() + VirtioHeader::size, frame.end());
        const std::size_t field = std::size_t{c.start} + c.offset;
        model::put16(expected, field, model::get16(packets[0], field));
        EXPECT_EQ(packets[0], expected) << "case " << number;
    }
}

TEST(Superpacket, NoiseIsDroppedOrCut) {
    std::mt19937 random(15);
    std::size_t taken = 0;
    for (int round = 0; round < 20'000; ++round) {
        const Shape shape{.version = random() % 2 ? 4u : 6u,
                          .udp = random() % 2 == 0,
                          .gso_size = static_cast<std::uint16_t>(random() % 300),
                          .payload = random() % 1000};
        Packet frame = model::make_frame(shape, random);
        for (std::size_t i = random() % 4; i > 0; --i)
            frame[random() % std::min<std::size_t>(frame.size(), 80)] =
                static_cast<std::uint8_t>(random());
        const auto packets = split(frame);
        if (packets.empty()) continue;
        ++taken;
        std::size_t bytes = 0;
        for (const Packet& packet : packets)
            bytes += packet.size();
        ASSERT_GE(bytes, packets.size() * 20);
    }
    EXPECT_GT(taken, 5000u);
}

}  // namespace
}  // namespace wgns
