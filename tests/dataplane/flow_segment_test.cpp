#include "dataplane/flow_segment.h"

#include <gtest/gtest.h>

#include <vector>

#include "dataplane/checksum.h"

namespace wgns {
namespace {

using Packet = std::vector<std::uint8_t>;

struct Layout {
    bool v6;
    bool tcp;
    std::size_t options = 0;  // bytes, of TCP
    std::size_t payload = 101;

    [[nodiscard]] std::size_t ip_size() const { return v6 ? 40 : 20; }
    [[nodiscard]] std::size_t transport_size() const { return tcp ? 20 + options : 8; }
};
constexpr Layout tcp4{false, true}, tcp6{true, true}, udp4{false, false}, udp6{true, false};
constexpr Layout tcp4_options{false, true, 12};
constexpr Layout all_kinds[] = {tcp4, tcp6, udp4, udp6, tcp4_options};

constexpr std::uint32_t sequence = 0xfffffff0;  // wraps within the first packet
constexpr std::uint16_t id = 0xffff;            // wraps with the second one

// A bit pattern that is put over a byte of a packet.
struct Edit {
    std::size_t at = 0;
    std::uint8_t bits = 0;
};

void store16(Packet& packet, std::size_t at, std::size_t value) {
    store_be(MutableBytes(packet).subspan(at), static_cast<std::uint16_t>(value));
}

Packet ip_header(const Layout& kind, std::size_t count) {
    const auto protocol = static_cast<std::uint8_t>(kind.tcp ? 6 : 17);
    Packet packet(kind.ip_size());
    const std::size_t behind = kind.transport_size() + kind.payload;
    if (kind.v6) {
        packet = {0x60, 0, 0, 0, 0, 0, protocol, 64, 0xfd, 1};
        packet.resize(40);
        packet[23] = 1;
        packet[24] = 0xfd;
        packet[39] = 2;
        store16(packet, 4, behind);
        return packet;
    }
    packet = {0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
    store16(packet, 2, packet.size() + behind);
    store16(packet, 4, (id + count) & 0xffff);
    return packet;
}

void store_checksums(Packet& packet, const Layout& kind) {
    const MutableBytes bytes(packet), transport = bytes.subspan(kind.ip_size());
    const std::size_t half = kind.v6 ? 16 : 4;
    const Bytes from = bytes.subspan(kind.v6 ? 8 : 12, half);
    const Bytes to = bytes.subspan(kind.v6 ? 24 : 16, half);
    const std::uint8_t protocol = kind.tcp ? 6 : 17;
    store_checksum(transport.subspan(kind.tcp ? 16 : 6),
                   pseudo_header_sum(from, to, protocol, transport.size()) + sum_of(transport),
                   !kind.tcp);
    if (!kind.v6) store_checksum(bytes.subspan(10), sum_of(bytes.first(20)), false);
}

// The packet with number `count` of a run whose packets are all alike.
Packet build(const Layout& kind, std::size_t count = 0) {
    Packet packet = ip_header(kind, count);
    const std::size_t at = packet.size();
    packet.resize(at + kind.transport_size() + kind.payload);
    store16(packet, at, 0x1234);
    store16(packet, at + 2, 0x5678);
    if (kind.tcp) {
        store_be(MutableBytes(packet).subspan(at + 4),
                 static_cast<std::uint32_t>(sequence + count * kind.payload));
        packet[at + 12] = static_cast<std::uint8_t>(kind.transport_size() / 4 * 16);
        packet[at + 13] = 0x10;
        store16(packet, at + 14, 512);
    } else {
        store16(packet, at + 4, kind.transport_size() + kind.payload);
    }
    for (std::size_t i = at + kind.transport_size(); i < packet.size(); ++i)
        packet[i] = static_cast<std::uint8_t>(i * 37);
    store_checksums(packet, kind);
    return packet;
}

Packet edited(Packet packet, const Edit& edit) {
    packet.at(edit.at) ^= edit.bits;
    return packet;
}

std::optional<FlowSegment> parse(Bytes bytes) {
    const auto packet = InnerPacket::parse(bytes);
    EXPECT_TRUE(packet) << "a test's own mistake";
    return packet ? FlowSegment::parse(*packet) : std::nullopt;
}

TEST(FlowSegment, SaysWhereItsPartsAre) {
    for (const Layout& kind : all_kinds) {
        Packet packet = build(kind);
        const std::size_t size = packet.size();
        packet.resize(size + 9);  // padding
        const auto segment = parse(packet);
        ASSERT_TRUE(segment);
        EXPECT_EQ(segment->is_v4(), !kind.v6);
        EXPECT_EQ(segment->is_tcp(), kind.tcp);
        EXPECT_EQ(segment->ip_size(), kind.ip_size());
        EXPECT_EQ(segment->header_size(), kind.ip_size() + kind.transport_size());
        EXPECT_EQ(segment->payload_size(), kind.payload);
        EXPECT_EQ(segment->checksum_offset(), kind.tcp ? 16u : 6u);
        EXPECT_EQ(segment->flags(), kind.tcp ? 0x10 : 0);
    }
}

TEST(FlowSegment, Parses) {
    struct Case {
        Layout kind;
        Edit edit;
        bool parses;
    };
    const std::vector<Case> cases = {
        /*  1 */ {tcp4, {}, true},
        /*  2 */ {tcp6, {}, true},
        /*  3 */ {udp4, {}, true},
        /*  4 */ {udp6, {}, true},
        /*  5 */ {tcp4_options, {}, true},
        /*  6 */ {{true, true, 40}, {}, true},
        /*  7 */ {{false, true, 0, 0}, {}, true},
        /*  8 */ {{true, false, 0, 0}, {}, true},
        /*  9 */ {tcp4, {0, 0x03}, false},          // IPv4 options
        /* 10 */ {tcp4, {6, 0x20}, false},          // more fragments
        /* 11 */ {udp4, {6, 0x20}, false},          //
        /* 12 */ {tcp4, {6, 0x10}, false},          // highest bit of the offset
        /* 13 */ {tcp4, {7, 0x01}, false},          // lowest
        /* 14 */ {tcp4, {6, 0x40}, true},           // may be fragmented, but is not
        /* 15 */ {tcp4, {9, 6 ^ 1}, false},         // ICMP
        /* 16 */ {tcp6, {6, 6 ^ 58}, false},        // ICMPv6
        /* 17 */ {tcp6, {6, 6 ^ 0}, false},         // hop-by-hop options
        /* 18 */ {tcp6, {6, 6 ^ 44}, false},        // fragment
        /* 19 */ {udp6, {6, 17 ^ 60}, false},       // destination options
        /* 20 */ {udp6, {6, 17 ^ 136}, false},      // UDP-Lite
        /* 21 */ {udp4, {25, 0x01}, false},         // length of UDP
        /* 22 */ {udp4, {24, 0x80}, false},         //
        /* 23 */ {udp6, {45, 109}, false},          // 0: a jumbogram's
        /* 24 */ {tcp4, {32, 0x50 ^ 0x40}, false},  // header shorter than a header
        /* 25 */ {tcp4, {32, 0x50 ^ 0x60}, true},
        /* 26 */ {{false, true, 0, 39}, {32, 0x50 ^ 0xf0}, false},  // one byte beyond the packet
        /* 27 */ {{false, true, 0, 40}, {32, 0x50 ^ 0xf0}, true},
        /* 28 */ {{true, true, 0, 3}, {52, 0x50 ^ 0x60}, false},
        /* 29 */ {{true, true, 0, 3}, {52, 0x50 ^ 0x00}, false},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Packet packet = edited(build(cases[i].kind), cases[i].edit);
        EXPECT_EQ(parse(packet).has_value(), cases[i].parses) << i + 1;
    }
}

TEST(FlowSegment, NothingParsesThatIsCutWithinItsHeaders) {
    for (const Layout& kind : all_kinds)
        for (std::size_t size = kind.ip_size(); size < build(kind).size(); ++size) {
            Packet packet = build(kind);
            packet.resize(size);
            store16(packet, kind.v6 ? 4 : 2, kind.v6 ? size - 40 : size);
            // UDP has a length of its own, which then lies.
            const bool parses = kind.tcp && size >= kind.ip_size() + kind.transport_size();
            ASSERT_EQ(parse(packet).has_value(), parses) << size;
        }
}

TEST(FlowSegment, IsOfTheSameFlow) {
    struct Case {
        Layout kind;
        Edit edit;
        bool same;
    };
    const std::vector<Case> cases = {
        /*  1 */ {tcp4, {}, true},
        /*  2 */ {tcp4, {12, 0x80}, false},  // source, first byte
        /*  3 */ {tcp4, {15, 0x01}, false},  // last
        /*  4 */ {tcp4, {16, 0x80}, false},  // destination
        /*  5 */ {tcp4, {19, 0x01}, false},
        /*  6 */ {tcp4, {20, 0x80}, false},  // source port
        /*  7 */ {tcp4, {21, 0x01}, false},
        /*  8 */ {tcp4, {22, 0x80}, false},  // destination port
        /*  9 */ {tcp4, {23, 0x01}, false},
        /* 10 */ {tcp4, {24, 0xff}, true},  // sequence
        /* 11 */ {tcp4, {11, 0xff}, true},  // checksum
        /* 12 */ {tcp4, {8, 0xff}, true},   // TTL
        /* 13 */ {tcp6, {}, true},
        /* 14 */ {tcp6, {8, 0x04}, false},  // source
        /* 15 */ {tcp6, {16, 0x01}, false},
        /* 16 */ {tcp6, {23, 0x01}, false},
        /* 17 */ {tcp6, {24, 0x04}, false},  // destination
        /* 18 */ {tcp6, {32, 0x01}, false},
        /* 19 */ {tcp6, {39, 0x01}, false},
        /* 20 */ {udp6, {40, 0x01}, false},  // ports
        /* 21 */ {udp6, {43, 0x01}, false},
        /* 22 */ {udp6, {3, 0xff}, true},  // flow label
        /* 23 */ {udp4, {47, 0xff}, true},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Packet a = build(cases[i].kind), b = edited(a, cases[i].edit);
        EXPECT_EQ(parse(a)->is_same_flow(*parse(b)), cases[i].same) << i + 1;
        EXPECT_EQ(parse(b)->is_same_flow(*parse(a)), cases[i].same) << i + 1;
        EXPECT_EQ(parse(a)->flow_hash() == parse(b)->flow_hash(), cases[i].same) << i + 1;
    }
}

TEST(FlowSegment, ProtocolAndVersionAreOfTheFlow) {
    const Layout kinds[] = {tcp4, tcp6, udp4, udp6};
    for (std::size_t i = 0; i < std::size(kinds); ++i)
        for (std::size_t j = 0; j < std::size(kinds); ++j) {
            const Packet a = build(kinds[i]), b = build(kinds[j]);
            EXPECT_EQ(parse(a)->is_same_flow(*parse(b)), i == j) << i << " " << j;
        }
}

TEST(FlowSegment, AddressesAndPortsDoNotCancelEachOtherOut) {
    const Packet there = build(tcp4);
    Packet back = there, other = there;
    for (const std::size_t at : {15u, 19u})
        back[at] ^= 1 ^ 2;
    EXPECT_NE(parse(there)->flow_hash(), parse(back)->flow_hash());
    other[15] = 2;
    other[21] ^= 1;
    EXPECT_NE(parse(there)->flow_hash(), parse(other)->flow_hash());
}

TEST(FlowSegment, MayBeJoined) {
    struct Case {
        Layout kind;
        Edit edit;
        bool may;
    };
    const std::vector<Case> cases = {
        /*  1 */ {tcp4, {}, true},
        /*  2 */ {tcp6, {}, true},
        /*  3 */ {udp4, {}, true},
        /*  4 */ {udp6, {}, true},
        /*  5 */ {{false, true, 0, 0}, {}, false},  // pure ACK
        /*  6 */ {{false, false, 0, 0}, {}, false},
        /*  7 */ {{false, true, 0, 1}, {}, true},
        /*  8 */ {tcp4, {33, tcp_flag::syn}, false},
        /*  9 */ {tcp4, {33, tcp_flag::rst}, false},
        /* 10 */ {tcp4, {33, tcp_flag::urg}, false},
        /* 11 */ {tcp6, {53, tcp_flag::urg}, false},
        /* 12 */ {tcp4, {33, tcp_flag::fin}, true},
        /* 13 */ {tcp4, {33, tcp_flag::psh}, true},
        /* 14 */ {tcp4, {33, tcp_flag::cwr}, true},
        /* 15 */ {tcp4, {33, 0x40}, true},  // ECE
        /* 16 */ {udp4, {26, 0x55}, true},  // a checksum, if not the right one
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Packet packet = edited(build(cases[i].kind), cases[i].edit);
        EXPECT_EQ(parse(packet)->may_be_joined(), cases[i].may) << i + 1;
    }
    for (const Layout& kind : {udp4, udp6}) {
        Packet unsummed = build(kind);
        store16(unsummed, kind.ip_size() + 6, 0);
        EXPECT_FALSE(parse(unsummed)->may_be_joined());
    }
}

enum Of { first, second, both };
struct FollowsCase {
    Layout kind;
    Of of;
    Edit edit;
    bool follows;
};

void check_follows(const std::vector<FollowsCase>& cases) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto& [kind, of, edit, follows] = cases[i];
        const Packet a = edited(build(kind), of == second ? Edit{} : edit);
        const Packet b = edited(build(kind, 1), of == first ? Edit{} : edit);
        EXPECT_EQ(parse(b)->follows(*parse(a), 1, kind.payload), follows) << i + 1;
    }
}

TEST(FlowSegment, FollowsIfOneByteOfIpDiffers) {
    check_follows({
        /*  1 */ {tcp4, second, {}, true},
        /*  2 */ {tcp4, second, {1, 0x04}, false},  // DSCP
        /*  3 */ {tcp4, second, {1, 0x03}, false},  // ECN
        /*  4 */ {tcp4, second, {8, 0x01}, false},  // TTL
        /*  5 */ {tcp4, second, {6, 0x40}, false},  // DF
        /*  6 */ {tcp4, first, {6, 0x40}, false},   //
        /*  7 */ {tcp4, both, {6, 0x40}, true},     //
        /*  8 */ {tcp4, second, {6, 0x80}, false},  // reserved
        /*  9 */ {tcp4, second, {5, 0x07}, true},   // ID
        /* 10 */ {tcp4, second, {4, 0x80}, true},   //
        /* 11 */ {tcp4, second, {10, 0xff}, true},  // checksum: is_sound's to judge
        /* 12 */ {udp4, second, {}, true},          //
        /* 13 */ {udp4, second, {1, 0x04}, false},  // DSCP
        /* 14 */ {udp4, second, {8, 0x01}, false},  // TTL
        /* 15 */ {udp4, second, {6, 0x40}, false},  // DF
        /* 16 */ {udp4, second, {26, 0xff}, true},  // checksum
        /* 17 */ {tcp6, second, {}, true},          //
        /* 18 */ {tcp6, second, {0, 0x01}, false},  // traffic class
        /* 19 */ {tcp6, second, {1, 0x10}, false},  //
        /* 20 */ {tcp6, second, {1, 0x01}, false},  // flow label
        /* 21 */ {tcp6, second, {3, 0x01}, false},  //
        /* 22 */ {tcp6, second, {7, 0x01}, false},  // hop limit
        /* 23 */ {udp6, second, {}, true},          //
        /* 24 */ {udp6, second, {2, 0x01}, false},  // flow label
        /* 25 */ {udp6, second, {7, 0x01}, false},  // hop limit
    });
}

TEST(FlowSegment, FollowsIfOneByteOfTcpDiffers) {
    constexpr Layout with_options = tcp4_options;
    check_follows({
        /*  1 */ {tcp4, second, {24, 0x80}, false},  // sequence
        /*  2 */ {tcp4, second, {27, 0x01}, false},  //
        /*  3 */ {tcp4, first, {27, 0x01}, false},   //
        /*  4 */ {tcp4, second, {28, 0x80}, false},  // acknowledgement
        /*  5 */ {tcp4, second, {31, 0x01}, false},  //
        /*  6 */ {tcp4, second, {32, 0x30}, false},  // data offset
        /*  7 */ {tcp4, second, {32, 0x01}, false},  // AE, once NS
        /*  8 */ {tcp4, second, {33, tcp_flag::fin}, true},
        /*  9 */ {tcp4, second, {33, tcp_flag::psh}, true},
        /* 10 */ {tcp4, second, {33, tcp_flag::syn}, false},
        /* 11 */ {tcp4, second, {33, tcp_flag::rst}, false},
        /* 12 */ {tcp4, second, {33, tcp_flag::urg}, false},
        /* 13 */ {tcp4, second, {33, 0x10}, false},  // ACK
        /* 14 */ {tcp4, second, {33, 0x40}, false},  // ECE
        /* 15 */ {tcp4, both, {33, 0x40}, true},     //
        /* 16 */ {tcp4, second, {33, tcp_flag::cwr}, false},
        /* 17 */ {tcp4, first, {33, tcp_flag::cwr}, true},
        /* 18 */ {tcp4, both, {33, tcp_flag::cwr}, false},
        /* 19 */ {tcp4, second, {34, 0x80}, false},  // window
        /* 20 */ {tcp4, second, {35, 0x01}, false},  //
        /* 21 */ {tcp4, second, {36, 0xff}, true},   // checksum
        /* 22 */ {tcp4, second, {38, 0x80}, false},  // urgent pointer
        /* 23 */ {tcp4, second, {39, 0x01}, false},  //
        /* 24 */ {with_options, second, {}, true},
        /* 25 */ {with_options, second, {40, 0x01}, false},  // first and last byte of the options
        /* 26 */ {with_options, second, {51, 0x01}, false},  //
        /* 27 */ {with_options, both, {51, 0x01}, true},     //
        /* 28 */ {with_options, second, {52, 0x01}, true},   // payload
        /* 29 */ {with_options, second, {32, 0x10}, false},  // data offset
        /* 30 */ {tcp6, second, {55, 0x01}, false},          // window
    });
}

TEST(FlowSegment, AnIdCountsWhereFragmentingIsAllowed) {
    for (const Layout& kind : {tcp4, udp4})
        for (const std::size_t off : {0u, 1u, 2u, 256u}) {
            const Packet a = edited(build(kind), {6, 0x40});
            Packet b = edited(build(kind, 1), {6, 0x40});
            store16(b, 4, off);  // 0: what comes behind 0xffff
            EXPECT_EQ(parse(b)->follows(*parse(a), 1, kind.payload), off == 0) << off;
        }
}

TEST(FlowSegment, FollowsOnlyAtTheEndOfTheRun) {
    for (const Layout& kind : all_kinds) {
        const Packet a = edited(build(kind), {6, static_cast<std::uint8_t>(kind.v6 ? 0 : 0x40)});
        for (std::size_t at = 1; at < 70; ++at) {
            Packet b = build(kind, at);
            if (!kind.v6) b[6] ^= 0x40;
            ASSERT_TRUE(parse(b)->follows(*parse(a), at, at * kind.payload)) << at;
            // An IPv6 header with UDP says nothing of its place.
            const bool anywhere = kind.v6 && !kind.tcp;
            const std::size_t sooner = (at - 1) * kind.payload;
            ASSERT_EQ(parse(b)->follows(*parse(a), at - 1, sooner), anywhere) << at;
        }
    }
}

TEST(FlowSegment, IsSound) {
    struct Case {
        Layout kind;
        Edit edit;
        bool sound;
    };
    const std::vector<Case> cases = {
        /*  1 */ {tcp4, {}, true},
        /*  2 */ {tcp6, {}, true},
        /*  3 */ {udp4, {}, true},
        /*  4 */ {udp6, {}, true},
        /*  5 */ {tcp4_options, {}, true},
        /*  6 */ {tcp4, {10, 0x01}, false},   // checksum of IPv4
        /*  7 */ {udp4, {11, 0x80}, false},   //
        /*  8 */ {tcp4, {8, 0x01}, false},    // TTL
        /*  9 */ {tcp4, {36, 0x01}, false},   // checksum of TCP
        /* 10 */ {tcp6, {57, 0x80}, false},   //
        /* 11 */ {udp4, {26, 0x01}, false},   // checksum of UDP
        /* 12 */ {udp6, {47, 0x01}, false},   //
        /* 13 */ {tcp4, {140, 0x01}, false},  // last byte of the payload
        /* 14 */ {tcp6, {160, 0x01}, false},  //
        /* 15 */ {udp4, {28, 0x01}, false},   // first one
        /* 16 */ {udp6, {148, 0x80}, false},  // last one
        /* 17 */ {tcp6, {23, 0x80}, false},   // an address, of which IPv6 keeps no sum
        /* 18 */ {udp6, {39, 0x80}, false},   //
        /* 19 */ {tcp6, {7, 0x01}, true},     // hop limit: in no sum
        /* 20 */ {tcp6, {3, 0x01}, true},     // flow label
        /* 21 */ {tcp4_options, {51, 0x01}, false},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const Packet packet = edited(build(cases[i].kind), cases[i].edit);
        EXPECT_EQ(parse(packet)->is_sound(), cases[i].sound) << i + 1;
    }
}

TEST(FlowSegment, IsSoundAtEverySize) {
    for (const bool v6 : {false, true})
        for (const bool tcp : {false, true})
            for (const std::size_t size : {0u, 1u, 2u, 3u, 1000u, 1459u, 1460u, 65'000u}) {
                const Packet packet = build({v6, tcp, 0, size});
                EXPECT_TRUE(parse(packet)->is_sound()) << size;
            }
}

// Padding that was summed by mistake would not show as long as it is zeros.
TEST(FlowSegment, PaddingIsNotSummed) {
    Packet packet = build(tcp4);
    packet.insert(packet.end(), 7, 0xa5);
    EXPECT_TRUE(parse(packet)->is_sound());
}

TEST(FlowSegment, AUdpSumOfZeroIsSoundAsOnes) {
    Packet packet = build({false, false, 0, 2});
    const std::uint16_t sum = load_be<std::uint16_t>(Bytes(packet).subspan(26));
    // What the checksum lacks to zero is added to the payload.
    const unsigned payload = load_be<std::uint16_t>(Bytes(packet).subspan(28)) + unsigned{sum};
    store16(packet, 28, payload % 0xffff);
    store16(packet, 26, 0xffff);
    EXPECT_TRUE(parse(packet)->is_sound());
    EXPECT_TRUE(parse(packet)->may_be_joined());
}

}  // namespace
}  // namespace wgns
