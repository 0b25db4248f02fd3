#include "dataplane/unreachable.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/checksum.h"

namespace wgns {
namespace {

using std::chrono_literals::operator""us;
using std::chrono_literals::operator""s;

using Answer = std::array<std::uint8_t, unreachable_size_max>;

std::vector<std::uint8_t> sent_packet(const std::string& from, const std::string& to,
                                      std::uint8_t protocol, std::size_t size) {
    const IpAddress source = *IpAddress::parse(from), destination = *IpAddress::parse(to);
    const bool is_v4 = source.is_v4();
    std::vector<std::uint8_t> packet(size, 0x5a);
    const MutableBytes bytes(packet);
    std::fill_n(packet.begin(), is_v4 ? 20 : 40, std::uint8_t{0});
    packet[0] = is_v4 ? 0x45 : 0x60;
    store_be(bytes.subspan(is_v4 ? 2 : 4), static_cast<std::uint16_t>(is_v4 ? size : size - 40));
    packet[is_v4 ? 9 : 6] = protocol;
    copy_bytes(bytes.subspan(is_v4 ? 12 : 8), source.bytes());
    copy_bytes(bytes.subspan(is_v4 ? 16 : 24), destination.bytes());
    return packet;
}

TEST(UnreachableTest, AnIpv4SenderIsToldTheHost) {
    const auto packet = sent_packet("10.0.0.1", "10.9.9.9", 17, 1000);
    Answer answer;
    const std::size_t size = write_unreachable(*InnerPacket::parse(packet), answer);
    ASSERT_EQ(size, 576u);
    const Bytes bytes = Bytes(answer).first(size);
    const auto inner = InnerPacket::parse(bytes);
    ASSERT_TRUE(inner);
    EXPECT_EQ(inner->source().to_string(), "10.9.9.9");
    EXPECT_EQ(inner->destination().to_string(), "10.0.0.1");
    EXPECT_EQ(inner->protocol(), 1);
    EXPECT_EQ(bytes[20], 3);
    EXPECT_EQ(bytes[21], 1);
    EXPECT_EQ(fold(sum_of(bytes.first(20))), 0xffff);
    EXPECT_EQ(fold(sum_of(bytes.subspan(20))), 0xffff);
    EXPECT_TRUE(std::equal(bytes.begin() + 28, bytes.end(), packet.begin()));
}

TEST(UnreachableTest, AnIpv6SenderIsToldTheAddress) {
    const auto packet = sent_packet("fd00::1", "fd00::9", 6, 1500);
    Answer answer;
    const std::size_t size = write_unreachable(*InnerPacket::parse(packet), answer);
    ASSERT_EQ(size, 1280u);
    const Bytes bytes = Bytes(answer).first(size);
    const auto inner = InnerPacket::parse(bytes);
    ASSERT_TRUE(inner);
    EXPECT_EQ(inner->source().to_string(), "fd00::9");
    EXPECT_EQ(inner->destination().to_string(), "fd00::1");
    EXPECT_EQ(inner->protocol(), 58);
    EXPECT_EQ(bytes[40], 1);
    EXPECT_EQ(bytes[41], 3);
    const Sum pseudo = pseudo_header_sum(bytes.subspan(8, 16), bytes.subspan(24, 16), 58, 1240);
    EXPECT_EQ(fold(pseudo + sum_of(bytes.subspan(40))), 0xffff);
    EXPECT_TRUE(std::equal(bytes.begin() + 48, bytes.end(), packet.begin()));
}

TEST(UnreachableTest, NobodyIsToldTwiceOrAboutErrors) {
    struct Case {
        const char* from;
        const char* to;
        std::uint8_t protocol;
        std::size_t at;  // this byte
        std::uint8_t value;
        bool answered;
    };
    const std::vector<Case> cases = {
        /*  1 */ {"10.0.0.1", "10.0.0.9", 17, 20, 0, true},
        /*  2 */ {"10.0.0.1", "10.0.0.9", 1, 20, 8, true},
        /*  3 */ {"10.0.0.1", "10.0.0.9", 1, 20, 0, true},
        /*  4 */ {"10.0.0.1", "10.0.0.9", 1, 20, 3, false},
        /*  5 */ {"10.0.0.1", "10.0.0.9", 1, 20, 4, false},
        /*  6 */ {"10.0.0.1", "10.0.0.9", 1, 20, 5, false},
        /*  7 */ {"10.0.0.1", "10.0.0.9", 1, 20, 11, false},
        /*  8 */ {"10.0.0.1", "10.0.0.9", 1, 20, 12, false},
        /*  9 */ {"10.0.0.1", "10.0.0.9", 17, 7, 1, false},
        /* 10 */ {"10.0.0.1", "10.0.0.9", 17, 6, 0x20, true},
        /* 11 */ {"10.0.0.1", "10.0.0.9", 17, 6, 0x10, false},
        /* 12 */ {"10.0.0.1", "224.0.0.1", 17, 20, 0, false},
        /* 13 */ {"10.0.0.1", "255.255.255.255", 17, 20, 0, false},
        /* 14 */ {"0.0.0.0", "10.0.0.9", 17, 20, 0, false},
        /* 15 */ {"239.1.1.1", "10.0.0.9", 17, 20, 0, false},
        /* 16 */ {"fd00::1", "fd00::9", 17, 40, 0, true},
        /* 17 */ {"fd00::1", "fd00::9", 58, 40, 128, true},
        /* 18 */ {"fd00::1", "fd00::9", 58, 40, 1, false},
        /* 19 */ {"fd00::1", "fd00::9", 58, 40, 127, false},
        /* 20 */ {"fd00::1", "ff02::1", 17, 40, 0, false},
        /* 21 */ {"::", "fd00::9", 17, 40, 0, false},
        /* 22 */ {"ff02::1", "fd00::9", 17, 40, 0, false},
        /* 23 */ {"fd00::1", "fd00::9", 0, 40, 58, false},
        /* 24 */ {"fd00::1", "fd00::9", 43, 40, 58, false},
        /* 25 */ {"fd00::1", "fd00::9", 44, 40, 58, false},
        /* 26 */ {"fd00::1", "fd00::9", 60, 40, 58, false},
    };
    int number = 0;
    for (const Case& one : cases) {
        ++number;
        auto packet = sent_packet(one.from, one.to, one.protocol, 60);
        packet[one.at] = one.value;
        Answer answer;
        const std::size_t size = write_unreachable(*InnerPacket::parse(packet), answer);
        EXPECT_EQ(size != 0, one.answered) << number;
    }
}

// A header alone, with nothing to judge the ICMP message by.
TEST(UnreachableTest, CutOffIcmpIsNotAnswered) {
    for (const char* const to : {"10.0.0.9", "fd00::9"}) {
        const bool is_v4 = IpAddress::parse(to)->is_v4();
        const auto packet =
            sent_packet(is_v4 ? "10.0.0.1" : "fd00::1", to, is_v4 ? 1 : 58, is_v4 ? 20 : 40);
        Answer answer;
        EXPECT_EQ(write_unreachable(*InnerPacket::parse(packet), answer), 0u) << to;
    }
}

TEST(UnreachableTest, OneAMillisecondAtMost) {
    const auto packet = sent_packet("10.0.0.1", "10.0.0.9", 17, 60);
    UnreachableAnswers answers;
    Turn turn;
    const TimePoint start{1s};
    answers.answer(turn, *InnerPacket::parse(packet), start);
    EXPECT_EQ(turn.to_tun.size(), 1u);
    answers.answer(turn, *InnerPacket::parse(packet), start + 999us);
    EXPECT_EQ(turn.to_tun.size(), 1u);
    answers.answer(turn, *InnerPacket::parse(packet), start + 1000us);
    EXPECT_EQ(turn.to_tun.size(), 2u);
}

}  // namespace
}  // namespace wgns
