#include "protocol/train.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

const Endpoint here = *Endpoint::parse("192.0.2.1:1");
const Endpoint there = *Endpoint::parse("[2001:db8::1]:1");

struct OutboxTest : ::testing::Test {
    Outbox outbox{3};
    std::size_t trains() { return outbox.trains().size(); }
    bool add(const Endpoint& to, std::size_t size, std::uint8_t tos = 0) {
        return outbox.datagram(to, size, tos).size() == size;
    }
};

TEST_F(OutboxTest, EqualDatagramsShareATrain) {
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(add(here, 100));
    ASSERT_EQ(trains(), 1u);
    EXPECT_EQ(outbox.trains()[0]->count, 5u);
    EXPECT_EQ(outbox.trains()[0]->used, 500u);
    EXPECT_EQ(outbox.trains()[0]->segment_size, 100u);
}

TEST_F(OutboxTest, AShorterDatagramEndsATrain) {
    EXPECT_TRUE(add(here, 100));
    EXPECT_TRUE(add(here, 60));
    EXPECT_EQ(trains(), 1u);
    EXPECT_TRUE(add(here, 60));
    EXPECT_EQ(trains(), 2u);
}

TEST_F(OutboxTest, ALongerDatagramBeginsATrain) {
    EXPECT_TRUE(add(here, 60));
    EXPECT_TRUE(add(here, 100));
    EXPECT_EQ(trains(), 2u);
}

TEST_F(OutboxTest, AnotherEndpointOrTosBeginsATrain) {
    EXPECT_TRUE(add(here, 100));
    EXPECT_TRUE(add(there, 100));
    EXPECT_TRUE(add(there, 100, 0x88));
    EXPECT_EQ(trains(), 3u);
}

TEST_F(OutboxTest, ATrainEndsAtItsLimitOfDatagrams) {
    for (const std::uint32_t most : {Train::segments_max, 5u, 1u}) {
        outbox.trains().clear();
        outbox.set_segments_max(most);
        for (std::uint32_t i = 0; i < most + 1; ++i)
            EXPECT_TRUE(add(here, 32));
        EXPECT_EQ(trains(), 2u);
    }
}

TEST_F(OutboxTest, ATrainEndsAtItsLimitOfBytes) {
    EXPECT_TRUE(add(here, 30'000));
    EXPECT_TRUE(add(here, 30'000));
    EXPECT_TRUE(add(here, 30'000));
    EXPECT_EQ(trains(), 2u);
}

TEST_F(OutboxTest, WhatIsLargerThanUdpIsRefused) {
    EXPECT_TRUE(add(here, Train::bytes_max));
    EXPECT_TRUE(outbox.datagram(here, Train::bytes_max + 1, 0).empty());
}

TEST_F(OutboxTest, WithoutAFreeTrainADatagramIsRefusedUntilOneComesBack) {
    for (const std::size_t size : {100u, 200u, 300u})
        EXPECT_TRUE(add(here, size));
    EXPECT_EQ(outbox.free_count(), 0u);
    EXPECT_TRUE(outbox.datagram(here, 400, 0).empty());
    outbox.trains().clear();
    EXPECT_EQ(outbox.free_count(), 3u);
    EXPECT_TRUE(add(here, 400));
}

}  // namespace
}  // namespace wgns
