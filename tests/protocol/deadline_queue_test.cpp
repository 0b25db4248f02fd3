#include "protocol/deadline_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

namespace wgns {
namespace {

struct Item : DeadlineHook {
    int number = 0;
};

constexpr TimePoint at(int seconds) {
    return TimePoint(std::chrono::seconds(seconds));
}

TEST(DeadlineQueue, EmptyIsNeverDue) {
    DeadlineQueue<Item> queue;
    EXPECT_TRUE(queue.next_deadline().is_never());
    EXPECT_EQ(queue.pop_expired(at(1'000'000)), nullptr);
    Item item;
    queue.remove(item);
    EXPECT_FALSE(item.is_queued());
}

TEST(DeadlineQueue, EarliestFirstAndOnlyWhenDue) {
    Item a, b, c;
    DeadlineQueue<Item> queue;
    queue.push_or_move(a, at(30));
    queue.push_or_move(b, at(10));
    queue.push_or_move(c, at(20));
    EXPECT_EQ(queue.next_deadline(), at(10));
    EXPECT_EQ(queue.pop_expired(at(9)), nullptr);
    EXPECT_EQ(queue.pop_expired(at(10)), &b);
    EXPECT_FALSE(b.is_queued());
    EXPECT_EQ(queue.pop_expired(at(10)), nullptr);
    EXPECT_EQ(queue.pop_expired(at(99)), &c);
    EXPECT_EQ(queue.pop_expired(at(99)), &a);
    EXPECT_EQ(queue.pop_expired(at(99)), nullptr);
}

TEST(DeadlineQueue, MovesBothWays) {
    Item a, b, c;
    DeadlineQueue<Item> queue;
    queue.push_or_move(a, at(10));
    queue.push_or_move(b, at(20));
    queue.push_or_move(c, at(30));
    queue.push_or_move(a, at(40));
    EXPECT_EQ(queue.next_deadline(), at(20));
    queue.push_or_move(c, at(5));
    EXPECT_EQ(queue.next_deadline(), at(5));
    queue.push_or_move(c, TimePoint{});
    EXPECT_FALSE(c.is_queued());
    EXPECT_EQ(queue.next_deadline(), at(20));
    queue.remove(b);
    queue.remove(b);
    EXPECT_EQ(queue.pop_expired(at(99)), &a);
}

TEST(DeadlineQueue, LettingGoOfAllMembersAtItsEnd) {
    Item item;
    {
        DeadlineQueue<Item> queue;
        queue.push_or_move(item, at(1));
        EXPECT_TRUE(item.is_queued());
    }
    EXPECT_FALSE(item.is_queued());
    DeadlineQueue<Item> other;
    other.push_or_move(item, at(2));
    EXPECT_EQ(other.pop_expired(at(2)), &item);
}

TEST(DeadlineQueueDeathTest, AMemberMustNotDieInTheQueue) {
    EXPECT_DEATH(
        {
            DeadlineQueue<Item> queue;
            auto item = std::make_unique<Item>();
            queue.push_or_move(*item, at(1));
            item.reset();
        },
        "bug");
}

TEST(DeadlineQueue, AgreesWithAModel) {
    std::mt19937 random(3);
    std::vector<std::unique_ptr<Item>> items;
    for (int i = 0; i < 300; ++i)
        items.push_back(std::make_unique<Item>());
    DeadlineQueue<Item> queue;
    std::map<Item*, TimePoint> model;
    const auto earliest = [&] {
        TimePoint first;
        for (const auto& [item, deadline] : model)
            if (first.is_never() || deadline < first) first = deadline;
        return first;
    };
    for (int step = 0; step < 30'000; ++step) {
        Item& item = *items[random() % items.size()];
        const TimePoint deadline = at(static_cast<int>(1 + random() % 500));
        switch (random() % 4) {
            case 0:
            case 1:
                queue.push_or_move(item, deadline);
                model[&item] = deadline;
                break;
            case 2:
                queue.remove(item);
                model.erase(&item);
                break;
            default: {
                Item* const popped = queue.pop_expired(deadline);
                const bool due = !model.empty() && earliest() <= deadline;
                ASSERT_EQ(popped != nullptr, due);
                if (popped == nullptr) break;
                ASSERT_EQ(model.at(popped), earliest());
                model.erase(popped);
            }
        }
        ASSERT_EQ(queue.next_deadline(), earliest());
        ASSERT_EQ(item.is_queued(), model.contains(&item));
    }
}

}  // namespace
}  // namespace wgns
