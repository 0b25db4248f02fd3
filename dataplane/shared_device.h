// The one device of an instance, for all its workers. Who holds a guard has it to itself; nobody
// holds one while sealing, opening, splitting or coalescing, so that it is held for a few lookups a
// train and workers hardly ever meet.
#pragma once

#include <mutex>

#include "protocol/device.h"

namespace wgns {

// How much waits for the workers, and how long they keep it.
struct Queues {
    std::size_t handshake_messages = 0;
    Duration longest_turn{};  // since somebody asked last
};

class SharedDevice {
public:
    // `entropy` outlives the device.
    explicit SharedDevice(Entropy& entropy) : device_(entropy) {}

    class Guard {
    public:
        explicit Guard(SharedDevice& shared) : lock_(shared.mutex_), shared_(shared) {}
        [[nodiscard]] Device* operator->() const noexcept { return &shared_.device_; }
        [[nodiscard]] Device& operator*() const noexcept { return shared_.device_; }
        // Of all workers, since the start.
        [[nodiscard]] DropCounters& drops() const noexcept { return shared_.drops_; }
        [[nodiscard]] Queues& queues() const noexcept { return shared_.queues_; }

    private:
        std::lock_guard<std::mutex> lock_;
        SharedDevice& shared_;
    };
    [[nodiscard]] Guard hold() { return Guard(*this); }

private:
    std::mutex mutex_;
    Device device_;
    DropCounters drops_;
    Queues queues_;
};

}  // namespace wgns
