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

}  // namespace
}  // namespace wgns
