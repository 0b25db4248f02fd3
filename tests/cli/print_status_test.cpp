#include "cli/print_status.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

using nlohmann::json;

TEST(PrintSize, ChoosesTheUnit) {
    EXPECT_EQ(print_size(0), "0 B");
    EXPECT_EQ(print_size(1023), "1023 B");
    EXPECT_EQ(print_size(1500), "1.46 KiB");
    EXPECT_EQ(print_size(std::uint64_t{20} << 30), "20.00 GiB");
    EXPECT_EQ(print_size(UINT64_MAX), "16.00 EiB");
}

TEST(PrintAge, NamesTheTwoLargestUnits) {
    EXPECT_EQ(print_age(-3), "now");
    EXPECT_EQ(print_age(0), "now");
    EXPECT_EQ(print_age(1), "1 second ago");
    EXPECT_EQ(print_age(63), "1 minute, 3 seconds ago");
    EXPECT_EQ(print_age(2 * 86400 + 4 * 3600 + 59), "2 days, 4 hours ago");
}

TEST(PrintStatus, ShowsDeviceAndPeers) {
    const json status = json::parse(R"({
        "instance": "home", "namespace": "home", "interface": "home", "public_key": "KEY",
        "listen_port": 51820, "mtu": 1420, "io": "epoll", "io_reason": "io_uring is off",
        "aead": "sodium", "aead_reason": "no AVX2", "offloads": "tcp udp", "workers": 2,
        "queues": {"handshake_messages": 4, "longest_turn_us": 250},
        "drops": {"replay": 2},
        "peers": [
            {"public_key": "ONE", "name": "office\u001b[2J", "endpoint": "192.0.2.1:7",
             "endpoint_configured": "vpn.example.org:7", "latest_handshake": 1000,
             "rx_bytes": 10, "tx_bytes": 2048, "staged_packets": 3, "persistent_keepalive": 25,
             "allowed_ips": ["0.0.0.0/0", "::/0"]},
            {"public_key": "TWO", "endpoint_configured": "gone.example.org:7"}]})");
    EXPECT_EQ(print_status(status, 1063), R"(instance home
  namespace:        home
  interface:        home
  public key:       KEY
  listen port:      51820
  mtu:              1420
  io:               epoll (io_uring is off)
  aead:             sodium (no AVX2)
  offloads:         tcp udp
  workers:          2
  queues:           3 packets staged, 4 handshake messages, longest turn 250 µs
  drops:            replay 2

peer ONE (office?[2J)
  endpoint:         192.0.2.1:7 (configured: vpn.example.org:7)
  allowed ips:      0.0.0.0/0, ::/0
  latest handshake: 1 minute, 3 seconds ago
  transfer:         10 B received, 2.00 KiB sent
  keepalive:        every 25 seconds

peer TWO
  endpoint:         none yet (configured: gone.example.org:7)
  allowed ips:      (none)
  latest handshake: never
  transfer:         0 B received, 0 B sent
)");
}

TEST(PrintStatus, BearsAnyShape) {
    EXPECT_FALSE(print_status(json::object(), 0).empty());
    EXPECT_FALSE(print_status({{"peers", 7}, {"instance", 7}, {"drops", {1}}}, 0).empty());
}

}  // namespace
}  // namespace wgns
