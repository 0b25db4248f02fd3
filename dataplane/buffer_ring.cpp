#include "dataplane/buffer_ring.h"

#include <sys/mman.h>

#include <cerrno>

namespace wgns {

namespace {

void* map_anonymous(std::size_t size) noexcept {
    void* const memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

Result<std::unique_ptr<BufferRing>> BufferRing::create(Uring& ring, std::uint16_t group,
                                                       Shape shape) {
    std::unique_ptr<BufferRing> made(new BufferRing(group, shape));
    made->memory_ =
        static_cast<std::uint8_t*>(map_anonymous(std::size_t{shape.count} * shape.size));
    made->entries_ =
        static_cast<io_uring_buf_ring*>(map_anonymous(shape.count * sizeof(io_uring_buf)));
    if (!made->memory_ || !made->entries_) return Error{ENOMEM, "mmap", "receive buffers", {}};
    io_uring_buf_reg request{};
    request.ring_addr = reinterpret_cast<std::uintptr_t>(made->entries_);
    request.ring_entries = shape.count;
    request.bgid = group;
    if (const int failed = io_uring_register_buf_ring(&ring.raw(), &request, 0); failed != 0)
        return uring_error(-failed, "io_uring_register_buf_ring");
    io_uring_buf_ring_init(made->entries_);
    for (std::uint32_t id = 0; id < shape.count; ++id)
        made->give_back(static_cast<std::uint16_t>(id));
    return made;
}

BufferRing::~BufferRing() {
    if (memory_) ::munmap(memory_, std::size_t{shape_.count} * shape_.size);
    if (entries_) ::munmap(entries_, shape_.count * sizeof(io_uring_buf));
}

void BufferRing::serve(io_uring_sqe& request) const noexcept {
    request.flags = static_cast<std::uint8_t>(request.flags | IOSQE_BUFFER_SELECT);
    request.buf_group = group_;
}

void BufferRing::give_back(std::uint16_t id) noexcept {
    io_uring_buf_ring_add(entries_, at(id) + shape_.prefix, shape_.size - shape_.prefix, id,
                          static_cast<int>(shape_.count - 1), 0);
    io_uring_buf_ring_advance(entries_, 1);
}

}  // namespace wgns
