// What leaves in one UDP send: a train of datagrams of one size (the last may be shorter) for one
// endpoint, in one buffer; and the outbox that a turn fills with trains.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"

namespace wgns {

class TrainPool;

// A train and its buffer. Owned by a TrainRef; goes back to the pool with it.
struct Train {
    static constexpr std::size_t bytes_max = 65'507;  // UDP over IPv4
    // What UDP_SEGMENT takes: 64 before Linux 6.9 and 128 since, with the UDP header counted as if
    // it needed one (net/ipv4/udp.c, UDP_MAX_SEGMENTS).
    static constexpr std::uint32_t segments_max = 127;
    static constexpr std::uint32_t old_segments_max = 63;

    Endpoint to;
    std::uint8_t tos = 0;
    std::uint8_t* data = nullptr;
    std::uint32_t used = 0;          // bytes
    std::uint32_t segment_size = 0;  // of every datagram but the last
    std::uint32_t count = 0;         // datagrams

    // `most`: datagrams that it may have in all.
    [[nodiscard]] bool takes(const Endpoint& endpoint, std::size_t size, std::uint8_t tos,
                             std::uint32_t most = segments_max) const noexcept;
    // Room for one datagram behind the others; only when takes() holds.
    [[nodiscard]] MutableBytes add(std::size_t size) noexcept;
    [[nodiscard]] MutableBytes bytes() const noexcept { return {data, used}; }
};

// The one owner of a train. Must not outlive its pool.
class TrainRef {
public:
    TrainRef() noexcept = default;
    TrainRef(TrainPool& pool, Train& train) noexcept : pool_(&pool), train_(&train) {}
    TrainRef(TrainRef&& other) noexcept
        : pool_(other.pool_), train_(std::exchange(other.train_, nullptr)) {}
    TrainRef& operator=(TrainRef&& other) noexcept;
    ~TrainRef() { reset(); }

    [[nodiscard]] explicit operator bool() const noexcept { return train_ != nullptr; }
    [[nodiscard]] Train* operator->() const noexcept { return train_; }
    [[nodiscard]] Train& operator*() const noexcept { return *train_; }
    void reset() noexcept;

private:
    TrainPool* pool_ = nullptr;
    Train* train_ = nullptr;
};

// All trains of a worker, allocated once; the buffer used last is given out first, while it is in
// the cache.
class TrainPool {
public:
    explicit TrainPool(std::size_t count);

    // Empty when every train is on its way.
    [[nodiscard]] TrainRef take() noexcept;
    [[nodiscard]] std::size_t free_count() const noexcept { return free_.size(); }

private:
    friend class TrainRef;

    std::vector<Train> trains_;
    std::vector<Train*> free_;
    std::unique_ptr<std::uint8_t[]> memory_;  // touched only where used
};

// What a turn wants sent. Filled by the stages and the protocol, emptied by the I/O.
class Outbox {
public:
    explicit Outbox(std::size_t trains_max) : pool_(trains_max) { trains_.reserve(trains_max); }
    // Of every train from now on: 1 to Train::segments_max.
    void set_segments_max(std::uint32_t segments_max) noexcept { segments_max_ = segments_max; }

    // Room for one datagram of `size` bytes, in the last train where it fits. Empty: everything is
    // on its way, and the datagram is lost as UDP may lose it. Valid until the train is sent.
    [[nodiscard]] MutableBytes datagram(const Endpoint& to, std::size_t size, std::uint8_t tos);

    [[nodiscard]] std::vector<TrainRef>& trains() noexcept { return trains_; }
    [[nodiscard]] std::size_t free_count() const noexcept { return pool_.free_count(); }

private:
    TrainPool pool_;  // before the references into it
    std::vector<TrainRef> trains_;
    std::uint32_t segments_max_ = Train::old_segments_max;
};

}  // namespace wgns
