#include "dataplane/ecn.h"

#include <gtest/gtest.h>

#include <array>

#include "dataplane/checksum.h"
#include "protocol/inner_packet.h"

namespace wgns {
namespace {

// A header alone, with a DSCP that must survive.
std::vector<std::uint8_t> header_with(unsigned version, Ecn ecn) {
    const auto traffic_class = static_cast<std::uint8_t>(0xb8 | static_cast<unsigned>(ecn));
    if (version == 6) {
        std::vector<std::uint8_t> packet(40);
        store_be(MutableBytes(packet),
                 static_cast<std::uint16_t>(0x6000 | (unsigned{traffic_class} << 4) | 5));
        packet[8] = packet[24] = 0xfd;
        return packet;
    }
    std::vector<std::uint8_t> packet{
        0x45, traffic_class, 0, 20, 0xab, 0xcd, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
    store_checksum(MutableBytes(packet).subspan(10, 2), sum_of(Bytes(packet)), false);
    return packet;
}

TEST(EcnTest, TheOuterPacketTellsWhatTheInnerOneUnderstands) {
    EXPECT_EQ(outer_tos(0xb8 | 0), 0);
    EXPECT_EQ(outer_tos(0xb8 | 1), 1);
    EXPECT_EQ(outer_tos(0xb8 | 2), 2);
    EXPECT_EQ(outer_tos(0xb8 | 3), 2);
}

TEST(EcnTest, WhatTheNetworkMarkedIsHandedOn) {
    struct Case {
        Ecn inner, outer, expected;
    };
    using enum Ecn;
    const std::vector<Case> cases = {
        /*  1 */ {not_ect, not_ect, not_ect},
        /*  2 */ {not_ect, ect_0, not_ect},
        /*  3 */ {not_ect, ect_1, not_ect},
        /*  4 */ {not_ect, ce, not_ect},
        /*  5 */ {ect_0, not_ect, ect_0},
        /*  6 */ {ect_0, ect_0, ect_0},
        /*  7 */ {ect_0, ect_1, ect_1},
        /*  8 */ {ect_0, ce, ce},
        /*  9 */ {ect_1, not_ect, ect_1},
        /* 10 */ {ect_1, ect_0, ect_1},
        /* 11 */ {ect_1, ect_1, ect_1},
        /* 12 */ {ect_1, ce, ce},
        /* 13 */ {ce, not_ect, ce},
        /* 14 */ {ce, ect_0, ce},
        /* 15 */ {ce, ect_1, ce},
        /* 16 */ {ce, ce, ce},
    };
    for (const unsigned version : {4u, 6u}) {
        int number = 0;
        for (const Case& one : cases) {
            ++number;
            auto packet = header_with(version, one.inner);
            const auto tos = static_cast<std::uint8_t>(one.outer);
            mark_congestion(packet, tos);
            // The checksum included: it is as if the packet had been made so.
            EXPECT_EQ(packet, header_with(version, one.expected)) << version << ", " << number;
            EXPECT_TRUE(is_marked(tos) || one.expected == one.inner) << number;
        }
    }
}

TEST(EcnTest, OnlyTheLastTwoBitsOfTheOuterTosCount) {
    auto packet = header_with(4, Ecn::ect_0);
    mark_congestion(packet, 0xfc | 3);
    EXPECT_EQ(InnerPacket::parse(packet)->traffic_class(), 0xb8 | 3);
}

}  // namespace
}  // namespace wgns
