#include "protocol/index_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace wgns {
namespace {

// Gives the numbers it was told to, the last one for ever.
class ScriptedEntropy final : public Entropy {
public:
    explicit ScriptedEntropy(std::vector<std::uint32_t> numbers) : numbers_(std::move(numbers)) {}
    void fill(MutableBytes bytes) noexcept override {
        std::memcpy(bytes.data(), &numbers_.at(next_), bytes.size());
        if (next_ + 1 < numbers_.size()) ++next_;
    }

private:
    std::vector<std::uint32_t> numbers_;
    std::size_t next_ = 0;
};

class MaskedEntropy final : public Entropy {
public:
    explicit MaskedEntropy(std::uint32_t mask) : mask_(mask) {}
    void fill(MutableBytes bytes) noexcept override {
        const auto number = static_cast<std::uint32_t>(random_()) & mask_;
        std::memcpy(bytes.data(), &number, bytes.size());
    }

private:
    std::mt19937 random_{99};
    std::uint32_t mask_;
};

struct Entry {
    const void* peer = nullptr;
    std::uint32_t number = 0;
};

TEST(IndexTable, EmptyFindsNothing) {
    IndexTable<Entry> table;
    EXPECT_EQ(table.find(0), nullptr);
    EXPECT_EQ(table.find(0xffffffff), nullptr);
    table.erase(0);
    EXPECT_EQ(table.size(), 0u);
}

TEST(IndexTable, AnyIndexMayBeDrawn) {
    ScriptedEntropy entropy({0, 0xffffffff, 0x80000000});
    IndexTable<Entry> table;
    const auto first = table.insert({nullptr, 1}, entropy);
    const auto second = table.insert({nullptr, 2}, entropy);
    const auto third = table.insert({nullptr, 3}, entropy);
    ASSERT_TRUE(first && second && third);
    ASSERT_NE(table.find(*first), nullptr);
    EXPECT_EQ(table.find(*first)->number, 1u);
    EXPECT_EQ(table.find(*second)->number, 2u);
    EXPECT_EQ(table.find(*third)->number, 3u);
    EXPECT_EQ(table.find(1), nullptr);
}

TEST(IndexTable, AnIndexInUseIsDrawnAgain) {
    ScriptedEntropy entropy({5, 5, 5, 6});
    IndexTable<Entry> table;
    const auto first = table.insert({nullptr, 1}, entropy);
    const auto second = table.insert({nullptr, 2}, entropy);
    ASSERT_TRUE(first && second);
    EXPECT_NE(*first, *second);
    EXPECT_EQ(table.find(*first)->number, 1u);
    // A broken source must not hang the caller.
    EXPECT_EQ(table.insert({nullptr, 3}, entropy), std::nullopt);
    EXPECT_EQ(table.size(), 2u);
}

TEST(IndexTable, AnEntryCanBeChangedInPlace) {
    MaskedEntropy entropy(0xffffffff);
    IndexTable<Entry> table;
    const auto index = table.insert({nullptr, 1}, entropy);
    ASSERT_TRUE(index);
    table.find(*index)->number = 7;
    EXPECT_EQ(table.find(*index)->number, 7u);
    table.erase(*index);
    EXPECT_EQ(table.find(*index), nullptr);
}

// A narrow mask makes long runs of neighbours, where erasing has most to move.
void compare_with_model(std::uint32_t mask, std::size_t entries_max) {
    MaskedEntropy entropy(mask);
    std::mt19937 random(1);
    IndexTable<Entry> table;
    std::map<std::uint32_t, std::uint32_t> model;
    for (std::uint32_t step = 0; step < 20'000; ++step) {
        const bool grow = model.size() < entries_max && random() % 5 < 3;
        if (grow) {
            const auto index = table.insert({nullptr, step}, entropy);
            if (!index) continue;
            ASSERT_TRUE(model.emplace(*index, step).second);
        } else if (!model.empty()) {
            auto victim = model.lower_bound(static_cast<std::uint32_t>(random()) & mask);
            if (victim == model.end()) victim = model.begin();
            table.erase(victim->first);
            ASSERT_EQ(table.find(victim->first), nullptr);
            model.erase(victim);
        }
        ASSERT_EQ(table.size(), model.size());
        if (step % 50 != 0) continue;
        for (const auto& [index, number] : model) {
            ASSERT_NE(table.find(index), nullptr);
            ASSERT_EQ(table.find(index)->number, number);
        }
        const auto other = static_cast<std::uint32_t>(random());
        ASSERT_EQ(table.find(other) != nullptr, model.contains(other));
    }
}

TEST(IndexTable, AgreesWithAModel) {
    compare_with_model(0xffffffff, 1000);
}

TEST(IndexTable, AgreesWithAModelWhenCrowded) {
    compare_with_model(0xff, 200);
}

TEST(IndexTable, IndicesMayShareTheirLowBits) {
    MaskedEntropy entropy(0xffff0000);
    IndexTable<Entry> table;
    std::vector<std::uint32_t> indices;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        const auto index = table.insert({nullptr, i}, entropy);
        ASSERT_TRUE(index);
        indices.push_back(*index);
    }
    for (std::uint32_t i = 0; i < indices.size(); ++i)
        EXPECT_EQ(table.find(indices[i])->number, i);
}

TEST(IndexTable, IsBounded) {
    MaskedEntropy entropy(0xffffffff);
    IndexTable<Entry> table;
    std::uint32_t last = 0;
    for (std::size_t i = 0; i < limits::indices_max; ++i) {
        const auto index = table.insert({}, entropy);
        ASSERT_TRUE(index);
        last = *index;
    }
    EXPECT_EQ(table.insert({}, entropy), std::nullopt);
    table.erase(last);
    EXPECT_TRUE(table.insert({}, entropy));
}

}  // namespace
}  // namespace wgns
