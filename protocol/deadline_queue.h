// Who is due next: a binary heap whose members know their place in it, so that a deadline moves
// without a search.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"

namespace wgns {

// The base of whatever can be queued, in one queue at a time. It must leave its queue before it
// dies.
class DeadlineHook {
public:
    DeadlineHook() noexcept = default;
    DeadlineHook(const DeadlineHook&) = delete;
    DeadlineHook& operator=(const DeadlineHook&) = delete;

    [[nodiscard]] bool is_queued() const noexcept { return position_ != none; }

protected:
    ~DeadlineHook() { WG_ASSERT(!is_queued()); }

private:
    template <class T>
    friend class DeadlineQueue;

    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    std::size_t position_ = none;
};

// T derives from DeadlineHook. Members are not owned. One thread.
template <class T>
class DeadlineQueue {
public:
    DeadlineQueue() noexcept = default;
    DeadlineQueue(const DeadlineQueue&) = delete;
    DeadlineQueue& operator=(const DeadlineQueue&) = delete;
    ~DeadlineQueue() {
        for (const Item& item : heap_)
            hook(item).position_ = DeadlineHook::none;
    }

    // Queues the member, or gives it another deadline; "never" takes it out.
    void push_or_move(T& member, TimePoint deadline) {
        if (deadline.is_never()) return remove(member);
        if (!hook(member).is_queued()) {
            heap_.push_back({deadline, &member});
            hook(member).position_ = heap_.size() - 1;
        }
        settle({deadline, &member}, position(member));
    }

    // A member that is not queued is fine.
    void remove(T& member) noexcept {
        if (!hook(member).is_queued()) return;
        const std::size_t gap = position(member);
        hook(member).position_ = DeadlineHook::none;
        const Item last = heap_.back();
        heap_.pop_back();
        if (last.member != &member) settle(last, gap);
    }

    // The earliest deadline, or "never".
    [[nodiscard]] TimePoint next_deadline() const noexcept {
        return heap_.empty() ? TimePoint{} : heap_.front().deadline;
    }

    // Takes out the member with the earliest deadline if that is `now` or before; else null. A
    // caller that loops must queue nothing for `now` or earlier meanwhile.
    [[nodiscard]] T* pop_expired(TimePoint now) noexcept {
        if (heap_.empty() || heap_.front().deadline > now) return nullptr;
        T* const member = heap_.front().member;
        remove(*member);
        return member;
    }

private:
    struct Item {
        TimePoint deadline;
        T* member = nullptr;
    };

    [[nodiscard]] static DeadlineHook& hook(T& member) noexcept {
        static_assert(std::is_base_of_v<DeadlineHook, T>);
        return member;
    }
    [[nodiscard]] static DeadlineHook& hook(const Item& item) noexcept {
        return hook(*item.member);
    }
    [[nodiscard]] std::size_t position(T& member) const noexcept {
        const std::size_t at = hook(member).position_;
        WG_ASSERT(at < heap_.size() && heap_[at].member == &member);
        return at;
    }
    void place(const Item& item, std::size_t at) noexcept {
        heap_[at] = item;
        hook(item).position_ = at;
    }

    // Puts the item where it belongs, on the way from the gap up or down.
    void settle(const Item item, std::size_t gap) noexcept {
        while (gap > 0 && item.deadline < heap_[(gap - 1) / 2].deadline) {
            place(heap_[(gap - 1) / 2], gap);
            gap = (gap - 1) / 2;
        }
        for (std::size_t child = 2 * gap + 1; child < heap_.size(); child = 2 * gap + 1) {
            if (child + 1 < heap_.size() && heap_[child + 1].deadline < heap_[child].deadline)
                ++child;
            if (item.deadline <= heap_[child].deadline) break;
            place(heap_[child], gap);
            gap = child;
        }
        place(item, gap);
    }

    std::vector<Item> heap_;
};

}  // namespace wgns
