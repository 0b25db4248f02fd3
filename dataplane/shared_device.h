// The one device of an instance, for all its workers. Who holds a guard has it to itself; nobody
// holds one while sealing, opening, splitting or coalescing, so that it is held for a few lookups a
// train and workers hardly ever meet.
#pragma once

#include <mutex>

#include "protocol/device.h"

namespace wgns {

class SharedDevice {
public:
    // `entropy` outlives the device.
    explicit SharedDevice(Entropy& entropy) : device_(entropy) {}

    class Guard {
    public:
        explicit Guard(SharedDevice& shared)
            : lock_(shared.mutex_), device_(shared.device_), drops_(shared.drops_) {}
        [[nodiscard]] Device* operator->() const noexcept { return &device_; }
        [[nodiscard]] Device& operator*() const noexcept { return device_; }
        // Of all workers, since the start.
        [[nodiscard]] DropCounters& drops() const noexcept { return drops_; }

    private:
        std::lock_guard<std::mutex> lock_;
        Device& device_;
        DropCounters& drops_;
    };
    [[nodiscard]] Guard hold() { return Guard(*this); }

private:
    std::mutex mutex_;
    Device device_;
    DropCounters drops_;
};

}  // namespace wgns
