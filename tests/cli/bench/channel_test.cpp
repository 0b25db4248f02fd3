#include "cli/bench/channel.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

namespace wgns::bench {
namespace {

using nlohmann::json;

TEST(BenchChannel, ValuesComeWholeAndInOrder) {
    auto [one, other] = *Channel::make();
    EXPECT_FALSE(other.wait(0));
    EXPECT_TRUE(one.send({{"n", 1}}));
    EXPECT_TRUE(one.send({{"text", std::string(30'000, 'x')}}));
    EXPECT_TRUE(other.wait(0));
    EXPECT_EQ(other.receive(), (json{{"n", 1}}));
    EXPECT_EQ(other.receive()->at("text").get<std::string>().size(), 30'000U);
}

TEST(BenchChannel, TheEndIsSeenWhoeverHasACopy) {
    auto [one, other] = *Channel::make();
    const UniqueFd copy(::dup(one.fd()));
    one.close();
    EXPECT_TRUE(other.wait(0));
    EXPECT_FALSE(other.receive());
    EXPECT_FALSE(other.send(1));
}

TEST(BenchChannel, ACopyThatIsLetGoEndsNothing) {
    auto [one, other] = *Channel::make();
    Channel* const used = &one;
    {
        auto [here, there] = *Channel::make();
        const UniqueFd copy(::dup(here.fd()));
        here.let_go();
        EXPECT_TRUE(there.send(1));
    }
    EXPECT_TRUE(used->send(1));
}

TEST(BenchChannel, WhatIsNoValueIsNothing) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    const Channel channel{UniqueFd(ends[0])};
    const UniqueFd other(ends[1]);
    const std::string long_line(100'000, ' ');
    for (const std::string& text : {std::string("GET / HTTP/1.0\n"), long_line}) {
        ASSERT_EQ(::send(other.get(), text.data(), text.size(), 0),
                  static_cast<ssize_t>(text.size()));
        EXPECT_FALSE(channel.receive());
    }
}

TEST(BenchChannel, OneValueAfterTheOtherIsSeenToBeThere) {
    auto [one, other] = *Channel::make();
    EXPECT_TRUE(one.send(1));
    EXPECT_TRUE(one.send(2));
    EXPECT_EQ(other.receive(), json(1));
    EXPECT_TRUE(other.wait(0));
    EXPECT_EQ(other.receive(), json(2));
    EXPECT_FALSE(other.wait(0));
}

// The kernel tells of the unread value first, as ECONNRESET.
TEST(BenchChannel, LastWordsAreHeardThoughTheSpeakerReadNothing) {
    auto [one, other] = *Channel::make();
    EXPECT_TRUE(one.send("last words"));
    EXPECT_TRUE(other.send("unread"));
    one.let_go();
    EXPECT_EQ(other.receive(), json("last words"));
    EXPECT_FALSE(other.receive());
}

}  // namespace
}  // namespace wgns::bench
