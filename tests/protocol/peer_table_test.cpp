#include "protocol/peer_table.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/crypto/seeded_entropy.h"

namespace wgns {
namespace {

PublicKey key_of(std::uint8_t number) {
    PublicKey key;
    key.bytes.fill(number);
    return key;
}

std::vector<std::uint8_t> order_of(std::uint64_t seed) {
    SeededEntropy entropy(seed);
    PeerTable table(entropy);
    for (std::uint8_t i = 0; i < 10; ++i)
        table.insert(std::make_unique<Peer>(key_of(i), i));
    std::vector<std::uint8_t> order;
    for (const auto& [place, peer] : table)
        order.push_back(peer->public_key.bytes[0]);
    return order;
}

TEST(PeerTable, FindsWhatItHolds) {
    SeededEntropy entropy;
    PeerTable table(entropy);
    EXPECT_TRUE(table.empty());
    EXPECT_EQ(table.find(key_of(1)), nullptr);
    Peer& one = table.insert(std::make_unique<Peer>(key_of(1), 1));
    Peer& two = table.insert(std::make_unique<Peer>(key_of(2), 2));
    EXPECT_EQ(table.find(key_of(1)), &one);
    EXPECT_EQ(table.find(key_of(2)), &two);
    EXPECT_EQ(table.find(key_of(3)), nullptr);
    EXPECT_EQ(table.size(), 2);
    table.erase(one);
    EXPECT_EQ(table.find(key_of(1)), nullptr);
    EXPECT_EQ(table.find(key_of(2)), &two);
    EXPECT_EQ(table.size(), 1);
}

// Neither that of the keys nor the same twice.
TEST(PeerTable, TheOrderIsASecret) {
    const std::vector<std::uint8_t> sorted{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    EXPECT_NE(order_of(1), sorted);
    EXPECT_NE(order_of(1), order_of(2));
    EXPECT_EQ(order_of(1), order_of(1));
}

}  // namespace
}  // namespace wgns
