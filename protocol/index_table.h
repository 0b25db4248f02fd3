// What a receiver index in a datagram stands for: a hash table with open addressing, keyed by
// indices that it draws at random (whitepaper 5.4.2), so that they tell a listener nothing.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "base/assert.h"
#include "crypto/random.h"
#include "protocol/limits.h"

namespace wgns {

// Entry is small: it moves when its neighbours come and go. One thread.
template <class Entry>
class IndexTable {
    static_assert(std::is_trivially_copyable_v<Entry> && std::is_default_constructible_v<Entry>);

public:
    IndexTable() : slots_(16) {}

    // Stores the entry under an index that no other has; any 32-bit value, 0 too. Allocates now
    // and then. Nothing: limits::indices_max are in use, or the entropy repeats itself.
    [[nodiscard]] std::optional<std::uint32_t> insert(const Entry& entry, Entropy& entropy) {
        if (size_ >= limits::indices_max) return std::nullopt;
        if (2 * (size_ + 1) > slots_.size()) grow();
        for (unsigned draw = 0; draw < draws_max; ++draw) {
            const std::uint32_t index = entropy.next_u32();
            Slot& slot = slots_[position_of(index)];
            if (slot.tag != empty) continue;
            slot = {tag_of(index), entry};
            ++size_;
            return index;
        }
        return std::nullopt;
    }

    // Null when the index is not in use. Valid until the next insert or erase.
    [[nodiscard]] Entry* find(std::uint32_t index) noexcept {
        Slot& slot = slots_[position_of(index)];
        return slot.tag == empty ? nullptr : &slot.entry;
    }

    // An index not in use is fine.
    void erase(std::uint32_t index) noexcept {
        std::size_t hole = position_of(index);
        if (slots_[hole].tag == empty) return;
        --size_;
        // Entries behind the hole close it where that brings them no nearer than their home:
        // so a look-up may stop at the first empty slot, and no tombstones pile up.
        for (std::size_t at = next(hole); slots_[at].tag != empty; at = next(at)) {
            const std::size_t home = home_of(static_cast<std::uint32_t>(slots_[at].tag));
            if (distance(home, at) < distance(hole, at)) continue;
            slots_[hole] = slots_[at];
            hole = at;
        }
        slots_[hole] = Slot{};
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    static constexpr std::uint64_t empty = 0;
    // With the table at its bound, a draw is in use once in 16,384 times.
    static constexpr unsigned draws_max = 64;

    struct Slot {
        std::uint64_t tag = empty;  // one comparison tells index and use
        Entry entry{};
    };

    [[nodiscard]] static std::uint64_t tag_of(std::uint32_t index) noexcept {
        return std::uint64_t{1} << 32 | index;
    }
    // Multiplied (Knuth, TAOCP 6.4), because indices may be chosen so that their low bits say
    // which worker they belong to.
    [[nodiscard]] std::size_t home_of(std::uint32_t index) const noexcept {
        const int shift = 32 - std::countr_zero(slots_.size());
        return (index * 0x9e3779b1u) >> shift;
    }
    [[nodiscard]] std::size_t next(std::size_t at) const noexcept {
        return (at + 1) & (slots_.size() - 1);
    }
    [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const noexcept {
        return (to - from) & (slots_.size() - 1);
    }
    // Where the index is, or else the empty slot where it would be.
    [[nodiscard]] std::size_t position_of(std::uint32_t index) const noexcept {
        const std::uint64_t tag = tag_of(index);
        std::size_t at = home_of(index);
        while (slots_[at].tag != tag && slots_[at].tag != empty)
            at = next(at);
        return at;
    }
    void grow() {
        std::vector<Slot> old(slots_.size() * 2);
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (slot.tag == empty) continue;
            slots_[position_of(static_cast<std::uint32_t>(slot.tag))] = slot;
        }
    }

    std::vector<Slot> slots_;  // a power of two, at most half of them in use
    std::size_t size_ = 0;
};

}  // namespace wgns
