#include "dataplane/offloads.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/unique_fd.h"

namespace wgns {
namespace {

TEST(Offloads, AreSpelledAsListsOfNames) {
    struct Row {
        const char* text;
        std::optional<Offloads> expected;
    };
    const Row rows[] = {
        /* 1 */ {"all", Offloads{true, true}},
        /* 2 */ {"none", Offloads{false, false}},
        /* 3 */ {"tcp", Offloads{true, false}},
        /* 4 */ {"udp,tcp", Offloads{true, true}},
        /* 5 */ {"", std::nullopt},
        /* 6 */ {"tcp,", std::nullopt},
        /* 7 */ {"tso", std::nullopt},
        /* 8 */ {"all,tcp", std::nullopt},
    };
    for (const Row& row : rows)
        EXPECT_EQ(parse_offloads(row.text), row.expected) << row.text;
}

TEST(Offloads, AreDescribedAsTheyAreSpelled) {
    EXPECT_EQ(describe(Offloads{}), "none");
    EXPECT_EQ(describe(Offloads{true, false}), "tcp");
    EXPECT_EQ(describe(Offloads{false, true}), "udp");
    EXPECT_EQ(describe(Offloads{true, true}), "tcp udp");
}

TEST(Offloads, WhatIsNoTunDeviceHasNone) {
    const UniqueFd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    EXPECT_EQ(accept_offloads(fd.get(), {true, true}), Offloads{});
}

// TCP puts as many full segments into a superpacket as gso_max_size less 321 bytes take.
TEST(Offloads, ASuperpacketOfTcpIsOneTrain) {
    const struct {
        std::uint32_t mtu, train_segments;
        std::uint32_t headers;  // of IP and TCP
        std::uint32_t segments;
    } rows[] = {
        /* 1 */ {1420, 127, 52, 45},  // 45 * 1452 = 65,340 of 65,507 bytes
        /* 2 */ {1420, 127, 72, 45},
        /* 3 */ {1420, 127, 60, 45},
        /* 4 */ {1420, 127, 40, 44},  // without timestamps, one less than would fit
        /* 5 */ {1280, 127, 52, 49},
        /* 6 */ {1280, 127, 72, 49},
        /* 7 */ {8920, 127, 52, 7},
        /* 8 */ {600, 63, 52, 61},  // the headers of IPv6 would make it 63
        /* 9 */ {600, 63, 72, 63},
        /* 10 */ {1420, 1, 52, 1},  // no UDP_SEGMENT
    };
    int number = 0;
    for (const auto& row : rows) {
        const std::uint32_t size = gso_max_size(row.mtu, row.train_segments);
        ++number;
        EXPECT_EQ((size - 321) / (row.mtu - row.headers), row.segments) << "row " << number;
    }
    EXPECT_EQ(gso_max_size(65'535, 127), 65'536u);
    EXPECT_GT(gso_max_size(68, 127), 0u);
}

}  // namespace
}  // namespace wgns
