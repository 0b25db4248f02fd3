#include "cli/bench/rounds.h"

#include <gtest/gtest.h>

namespace wgns::bench {
namespace {

TEST(BenchRounds, AContestantIsNamedAfterItsProgram) {
    const struct {
        const char* command;
        const char* name;
    } rows[] = {
        /* 1 */ {"wireguard-go {}", "wireguard-go"},
        /* 2 */ {"/opt/bin/boringtun-cli --disable-drop-privileges {}", "boringtun-cli"},
        /* 3 */ {"WGNS_IO=epoll WGNS_WORKERS=2 ./wgns-user {}", "wgns-user"},
        /* 4 */ {"  padded {}", "padded"},
        /* 5 */ {"", ""},
    };
    for (const auto& row : rows)
        EXPECT_EQ(name_of(row.command), row.name) << row.command;
}

}  // namespace
}  // namespace wgns::bench
