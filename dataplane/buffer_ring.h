// Buffers that the kernel picks from: a provided-buffer ring (io_uring_register_buf_ring(3)).
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "dataplane/uring.h"

namespace wgns {

class BufferRing {
public:
    // `count` (a power of two) buffers of `size` bytes; the kernel fills them from `prefix` on, and
    // what is before that stays zero.
    struct Shape {
        std::uint32_t count = 0;
        std::uint32_t size = 0;
        std::uint32_t prefix = 0;
    };
    // As group `group` of the ring, which has to end before this.
    static Result<std::unique_ptr<BufferRing>> create(Uring& ring, std::uint16_t group,
                                                      Shape shape);
    ~BufferRing();
    BufferRing(const BufferRing&) = delete;
    BufferRing& operator=(const BufferRing&) = delete;

    // Makes a request read into whichever buffer the kernel picks.
    void serve(io_uring_sqe& request) const noexcept;
    // What a completion whose request was served tells of; it is the caller's until given back.
    [[nodiscard]] static std::uint16_t picked(const io_uring_cqe& cqe) noexcept {
        return static_cast<std::uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
    }
    [[nodiscard]] std::uint8_t* at(std::uint16_t id) const noexcept {
        return memory_ + std::size_t{id} * shape_.size;
    }
    // The buffer's first `filled` bytes behind the prefix, with it.
    [[nodiscard]] MutableBytes bytes(std::uint16_t id, std::size_t filled) const noexcept {
        return {at(id), shape_.prefix + filled};
    }
    void give_back(std::uint16_t id) noexcept;

private:
    BufferRing(std::uint16_t group, Shape shape) noexcept : group_(group), shape_(shape) {}

    std::uint16_t group_;
    Shape shape_;
    std::uint8_t* memory_ = nullptr;
    io_uring_buf_ring* entries_ = nullptr;
};

}  // namespace wgns
