#include "protocol/drop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace wgns {
namespace {

TEST(Drop, HasAWordForEachReason) {
    std::set<std::string_view> words;
    for (std::size_t i = 0; i < drop_count; ++i) {
        const std::string_view word = drop_name(static_cast<Drop>(i));
        EXPECT_NE(word, "unknown") << i;
        EXPECT_TRUE(std::all_of(word.begin(), word.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        })) << word;
        EXPECT_TRUE(words.insert(word).second) << word << " stands twice";
    }
    EXPECT_EQ(drop_name(static_cast<Drop>(drop_count)), "unknown");
}

TEST(DropCounters, CountEachReasonByItself) {
    DropCounters counters;
    counters.count(Drop::truncated_datagram);
    counters.count(Drop::tun_write_failed, 3);
    counters.count(Drop::tun_write_failed);
    counters.count(Drop::no_peer, 0);
    for (std::size_t i = 0; i < drop_count; ++i) {
        const auto reason = static_cast<Drop>(i);
        const std::uint64_t expected = reason == Drop::truncated_datagram ? 1
                                       : reason == Drop::tun_write_failed ? 4
                                                                          : 0;
        EXPECT_EQ(counters[reason], expected) << drop_name(reason);
    }
}

TEST(Verdict, IsAValueOrAReason) {
    const Verdict<int> value = 7;
    const Verdict<int> reason = Drop::bad_tag;
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, 7);
    ASSERT_FALSE(reason);
    EXPECT_EQ(reason.error(), Drop::bad_tag);
}

}  // namespace
}  // namespace wgns
