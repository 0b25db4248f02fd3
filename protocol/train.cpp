#include "protocol/train.h"

#include <utility>

namespace wgns {

namespace {
constexpr std::size_t buffer_size = 65'536;
}

bool Train::takes(const Endpoint& endpoint, std::size_t size, std::uint8_t wanted_tos,
                  std::uint32_t most) const noexcept {
    // A shorter datagram ends a train: the last one's size tells whether it was.
    const bool is_open = used == segment_size * count;
    return is_open && size <= segment_size && count < most && used + size <= bytes_max &&
           wanted_tos == tos && endpoint == to;
}

MutableBytes Train::add(std::size_t size) noexcept {
    WG_ASSERT(used + size <= buffer_size);
    const MutableBytes slot{data + used, size};
    if (count == 0) segment_size = static_cast<std::uint32_t>(size);
    used += static_cast<std::uint32_t>(size);
    ++count;
    return slot;
}

TrainRef& TrainRef::operator=(TrainRef&& other) noexcept {
    if (this != &other) {
        reset();
        pool_ = other.pool_;
        train_ = std::exchange(other.train_, nullptr);
    }
    return *this;
}

void TrainRef::reset() noexcept {
    if (train_) pool_->free_.push_back(std::exchange(train_, nullptr));
}

TrainPool::TrainPool(std::size_t count)
    : trains_(count), memory_(new std::uint8_t[count * buffer_size]) {
    free_.reserve(count);
    for (std::size_t i = count; i-- > 0;) {
        trains_[i].data = memory_.get() + i * buffer_size;
        free_.push_back(&trains_[i]);
    }
}

TrainRef TrainPool::take() noexcept {
    if (free_.empty()) return {};
    Train& train = *free_.back();
    free_.pop_back();
    train.used = train.count = train.segment_size = 0;
    return {*this, train};
}

MutableBytes Outbox::datagram(const Endpoint& to, std::size_t size, std::uint8_t tos) {
    if (size > Train::bytes_max) return {};
    if (trains_.empty() || !trains_.back()->takes(to, size, tos, segments_max_)) {
        TrainRef train = pool_.take();
        if (!train) return {};
        train->to = to;
        train->tos = tos;
        trains_.push_back(std::move(train));
    }
    return trains_.back()->add(size);
}

}  // namespace wgns
