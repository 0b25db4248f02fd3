#include "protocol/limits.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

// The numbers of the whitepaper's table (6.1), so that a slip of the pen does not go unseen.
TEST(Limits, AreTheWhitepapers) {
    using std::chrono::seconds;
    EXPECT_EQ(limits::rekey_after_time, seconds(120));
    EXPECT_EQ(limits::reject_after_time, seconds(180));
    EXPECT_EQ(limits::rekey_attempt_time, seconds(90));
    EXPECT_EQ(limits::rekey_timeout, seconds(5));
    EXPECT_EQ(limits::keepalive_timeout, seconds(10));
    EXPECT_EQ(limits::rekey_after_messages, 0x1000000000000000u);
    EXPECT_EQ(limits::reject_after_messages, 0xffffffffffffdfffu);  // 2^64 - 2^13 - 1
}

TEST(Limits, FitTogether) {
    EXPECT_LT(limits::cookie_lifetime, limits::cookie_secret_lifetime);
    EXPECT_LT(limits::rekey_timeout_jitter_max, limits::rekey_timeout);
    EXPECT_LE(limits::under_load_backlog, limits::handshake_backlog_max);
    EXPECT_LE(limits::handshakes_per_turn_max, limits::handshake_backlog_max);
    EXPECT_GE(limits::indices_max, 4 * limits::peers_max);
}

}  // namespace
}  // namespace wgns
