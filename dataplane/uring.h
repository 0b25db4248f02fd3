// An io_uring (io_uring(7)): requests are prepared, go out together with the next wait in one
// system call, and tell of themselves by completions.
#pragma once

#include <liburing.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "base/clock.h"
#include "base/result.h"

namespace wgns {

// Linux 6.7 (include/uapi/linux/io_uring.h); the headers and the library may be older.
inline constexpr int uring_op_read_multishot = 49;

[[nodiscard]] Error uring_error(int code, const char* operation);

// Of the thread that waits first.
class Uring {
public:
    // Whether this kernel has what we need and lets us use it; the error says which is missing.
    static Status probe();
    // A ring that does `operations` (IORING_OP_...) and cancels them, and fails others with EACCES;
    // nothing is registered with it any more from the first submission on. Whoever takes a thread
    // over gets no more from the kernel by it, which seccomp(2) would not see.
    static Result<std::unique_ptr<Uring>> create(std::span<const int> operations);
    // The kernel tears down in its own time what is still under way, and holds its files until
    // then: cancel_all first.
    ~Uring();
    Uring(const Uring&) = delete;
    Uring& operator=(const Uring&) = delete;

    // `fill(io_uring_sqe*)` says what is to be done; `token` comes back with each completion. Valid
    // until the next call: what is returned.
    template <class Fill>
    io_uring_sqe& prepare(std::uint64_t token, Fill fill) {
        io_uring_sqe& entry = next_entry();
        fill(&entry);
        entry.user_data = token;  // which liburing's prepare functions of this age reset
        return entry;
    }

    // Each submits what was prepared; the result is 0 or more, or -errno: -ETIME when time is over
    // and nothing was submitted.
    int submit() noexcept;  // and does not wait
    // Until something has completed, at most `longest` (Duration::max(): forever).
    int wait(Duration longest) noexcept;
    // Like `wait`, but lets completions gather: until there are `count` or `time` is over.
    // Linux 6.12, otherwise `can_gather` is false.
    int wait_for_many(unsigned count, std::chrono::microseconds time, Duration longest) noexcept;
    [[nodiscard]] bool can_gather() const noexcept;

    // In the order in which they came. `fn(const io_uring_cqe&)` may prepare requests.
    template <class Fn>
    void for_each_completion(Fn fn) {
        unsigned head = 0, seen = 0;
        io_uring_cqe* cqe = nullptr;
        io_uring_for_each_cqe(&ring_, head, cqe) {
            ++seen;
            if ((cqe->flags & IORING_CQE_F_MORE) == 0) --under_way_;
            fn(*cqe);
        }
        io_uring_cq_advance(&ring_, seen);
    }

    // Waits until the kernel is done with all that was asked of it, at most a second. No completion
    // is told after that.
    void cancel_all() noexcept;

    [[nodiscard]] io_uring& raw() noexcept { return ring_; }  // to register things with

private:
    explicit Uring(const io_uring& ring) noexcept : ring_(ring) {}
    io_uring_sqe& next_entry() noexcept;
    void enable() noexcept;

    io_uring ring_;
    std::uint32_t under_way_ = 0;  // requests whose last completion is still to come
    bool is_enabled_ = false;
};

}  // namespace wgns
