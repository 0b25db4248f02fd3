#include "protocol/keypairs.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace wgns {
namespace {

std::unique_ptr<Session> session_for(bool is_initiator) {
    return std::make_unique<Session>(SessionKeys{{}, {}, 1, 2, is_initiator}, TimePoint{});
}

std::ptrdiff_t count(const Keypairs::Retired& retired) {
    return std::count_if(retired.begin(), retired.end(),
                         [](const auto& one) { return one != nullptr; });
}

struct KeypairsTest : ::testing::Test {
    Keypairs keypairs;
    Session* install(bool is_initiator, std::ptrdiff_t retired) {
        auto fresh = session_for(is_initiator);
        Session* const raw = fresh.get();
        EXPECT_EQ(count(keypairs.install(std::move(fresh))), retired);
        return raw;
    }
};

TEST_F(KeypairsTest, AnInitiatorsSessionIsCurrentAtOnce) {
    Session* const first = install(true, 0);
    EXPECT_EQ(keypairs.current(), first);
    Session* const second = install(true, 0);
    EXPECT_EQ(keypairs.current(), second);
    EXPECT_EQ(keypairs.previous(), first);
    install(true, 1);
    EXPECT_EQ(keypairs.previous(), second);
}

TEST_F(KeypairsTest, AResponderSendsNothingUnderASessionBeforeItIsConfirmed) {
    Session* const first = install(false, 0);
    EXPECT_EQ(keypairs.current(), nullptr);
    EXPECT_EQ(keypairs.next(), first);
    Keypairs::Retired retired;
    EXPECT_TRUE(keypairs.confirm(*first, retired));
    EXPECT_EQ(keypairs.current(), first);
    EXPECT_EQ(keypairs.next(), nullptr);
    EXPECT_FALSE(keypairs.confirm(*first, retired));
}

TEST_F(KeypairsTest, ConfirmingMovesTheOthersOnePlace) {
    Session* const first = install(true, 0);
    Session* const second = install(false, 0);
    Keypairs::Retired retired;
    EXPECT_TRUE(keypairs.confirm(*second, retired));
    EXPECT_EQ(keypairs.current(), second);
    EXPECT_EQ(keypairs.previous(), first);
    EXPECT_EQ(count(retired), 0);
}

TEST_F(KeypairsTest, AnAnswerDropsThePreviousAndTheUnconfirmedSession) {
    install(true, 0);
    install(true, 0);
    install(false, 1);  // previous
    install(false, 1);  // the unconfirmed one
    EXPECT_EQ(keypairs.previous(), nullptr);
}

TEST_F(KeypairsTest, AnUnconfirmedSessionIsKeptForReceivingWhenOursComesFirst) {
    install(true, 0);
    Session* const answered = install(false, 0);
    Session* const ours = install(true, 1);
    EXPECT_EQ(keypairs.current(), ours);
    EXPECT_EQ(keypairs.previous(), answered);
    EXPECT_EQ(keypairs.next(), nullptr);
}

TEST_F(KeypairsTest, ClearingGivesAllOfThemBack) {
    install(true, 0);
    install(true, 0);
    install(true, 1);
    install(false, 1);
    EXPECT_EQ(count(keypairs.clear()), 2);
    EXPECT_EQ(keypairs.current(), nullptr);
}

}  // namespace
}  // namespace wgns
