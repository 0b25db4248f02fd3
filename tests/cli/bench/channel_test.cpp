#include "cli/bench/channel.h"

#include <gtest/gtest.h>

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
