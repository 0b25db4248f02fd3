#include "protocol/staged.h"

#include <gtest/gtest.h>

#include "protocol/limits.h"

namespace wgns {
namespace {

TEST(StagedPackets, KeepOrder) {
    StagedPackets staged;
    for (std::uint8_t i = 0; i < 3; ++i)
        EXPECT_EQ(staged.push(Bytes(&i, 1)), 0u);
    for (std::uint8_t i = 0; i < 3; ++i)
        EXPECT_EQ(staged.pop(), std::vector{i});
    EXPECT_TRUE(staged.empty());
}

TEST(StagedPackets, TheOldestGoesWhenThereAreTooMany) {
    StagedPackets staged;
    std::size_t dropped = 0;
    for (std::size_t i = 0; i < limits::staged_packets_max + 5; ++i) {
        const auto byte = static_cast<std::uint8_t>(i);
        dropped += staged.push(Bytes(&byte, 1));
    }
    EXPECT_EQ(dropped, 5u);
    EXPECT_EQ(staged.size(), limits::staged_packets_max);
    EXPECT_EQ(staged.pop()[0], 5);
}

TEST(StagedPackets, TheOldestGoesWhenTheyAreTooLarge) {
    StagedPackets staged;
    const std::vector<std::uint8_t> packet(60'000);
    std::size_t dropped = 0;
    for (int i = 0; i < 10; ++i)
        dropped += staged.push(packet);
    EXPECT_EQ(staged.size(), limits::staged_bytes_max / packet.size());
    EXPECT_EQ(dropped, 10 - staged.size());
    EXPECT_EQ(staged.clear(), 10 - dropped);
    EXPECT_TRUE(staged.empty());
}

}  // namespace
}  // namespace wgns
