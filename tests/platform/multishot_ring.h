// An io_uring with one ring of provided buffers and one multishot request that is armed again
// whenever it ends, as dataplane/ uses them.
#pragma once

#include <gtest/gtest.h>
#include <liburing.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace wgns::platform {

class MultishotRing {
public:
    static constexpr std::uint16_t group = 1;
    static constexpr int op_read_multishot = 49;  // Linux 6.7; liburing 2.3 has no name for it

    // `buffer_count` is a power of two.
    MultishotRing(unsigned buffer_count, unsigned buffer_size)
        : buffer_size_(buffer_size),
          count_(buffer_count),
          memory_(std::size_t{buffer_count} * buffer_size) {
        io_uring_params params{};
        params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
        failure_ = io_uring_queue_init_params(64, &ring_, &params);
        if (failure_ == 0) register_buffers();
    }
    ~MultishotRing() {
        if (failure_ == 0) io_uring_queue_exit(&ring_);
        std::free(entries_);
    }
    MultishotRing(const MultishotRing&) = delete;
    MultishotRing& operator=(const MultishotRing&) = delete;

    // Why this kernel cannot run these tests; empty if it can.
    [[nodiscard]] std::string missing() {
        if (failure_ != 0) return std::string("io_uring: ") + std::strerror(-failure_);
        io_uring_probe* const probe = io_uring_get_probe_ring(&ring_);
        const bool is_there = probe != nullptr && probe->last_op >= op_read_multishot;
        if (probe != nullptr) io_uring_free_probe(probe);
        return is_there ? "" : "IORING_OP_READ_MULTISHOT needs Linux 6.7";
    }

    // `prepare` fills the request; the choice of buffers is added here.
    void arm(std::function<void(io_uring_sqe*)> prepare) {
        prepare_ = std::move(prepare);
        arm_again();
    }

    // Gives what arrives to `take`, which says whether it wants more, until it does not or the
    // deadline passes. False: it passed.
    bool collect(std::chrono::milliseconds patience,
                 const std::function<bool(std::span<std::uint8_t>, int)>& take) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (std::chrono::steady_clock::now() < deadline) {
            __kernel_timespec wait{.tv_sec = 0, .tv_nsec = 50'000'000};
            io_uring_cqe* cqe = nullptr;
            io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &wait, nullptr);
            while (io_uring_peek_cqe(&ring_, &cqe) == 0) {
                const io_uring_cqe seen = *cqe;
                io_uring_cqe_seen(&ring_, cqe);
                if (!complete(seen, take)) return true;
            }
        }
        return false;
    }

    // How often a request ended because no buffer was left.
    [[nodiscard]] unsigned out_of_buffers() const noexcept { return out_of_buffers_; }

private:
    void register_buffers() {
        entries_ = static_cast<io_uring_buf_ring*>(
            std::aligned_alloc(4096, std::max<std::size_t>(4096, count_ * sizeof(io_uring_buf))));
        io_uring_buf_reg request{};
        request.ring_addr = reinterpret_cast<std::uintptr_t>(entries_);
        request.ring_entries = count_;
        request.bgid = group;
        ASSERT_EQ(io_uring_register_buf_ring(&ring_, &request, 0), 0);
        io_uring_buf_ring_init(entries_);
        for (unsigned id = 0; id < count_; ++id)
            give_back(id);
    }
    std::uint8_t* buffer(unsigned id) { return memory_.data() + std::size_t{id} * buffer_size_; }
    void give_back(unsigned id) {
        io_uring_buf_ring_add(entries_, buffer(id), buffer_size_, static_cast<std::uint16_t>(id),
                              static_cast<int>(count_ - 1), 0);
        io_uring_buf_ring_advance(entries_, 1);
    }
    void arm_again() {
        io_uring_sqe* const sqe = io_uring_get_sqe(&ring_);
        ASSERT_NE(sqe, nullptr);
        prepare_(sqe);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = group;
    }
    bool complete(const io_uring_cqe& cqe,
                  const std::function<bool(std::span<std::uint8_t>, int)>& take) {
        bool wants_more = true;
        if (cqe.res > 0) {
            EXPECT_NE(cqe.flags & IORING_CQE_F_BUFFER, 0U);
            const unsigned id = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
            wants_more = take({buffer(id), buffer_size_}, cqe.res);
            give_back(id);
        } else {
            EXPECT_EQ(cqe.res, -ENOBUFS) << std::strerror(-cqe.res);
            ++out_of_buffers_;
        }
        if ((cqe.flags & IORING_CQE_F_MORE) == 0) arm_again();
        return wants_more;
    }

    unsigned buffer_size_;
    unsigned count_;
    std::vector<std::uint8_t> memory_;
    io_uring ring_{};
    io_uring_buf_ring* entries_ = nullptr;
    std::function<void(io_uring_sqe*)> prepare_;
    unsigned out_of_buffers_ = 0;
    int failure_ = 0;
};

}  // namespace wgns::platform
