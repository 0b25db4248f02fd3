// liburing's calls that enter the kernel, for the dynamic linker to find before the library's own.
// What the kernel knows stays true: an operation that shall fail at once becomes a NOP whose
// completion gets the result, and one that is under way (a multishot) is cancelled, and its last
// completion gets the result. So no buffer is lost and nothing is armed that looks as if it were
// not. For both, the rings are not restricted to what the product asks of them.
#include "tests/faults/faulty_ring.h"

#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <deque>
#include <unordered_map>

#include "tests/faults/fault_plan.h"

namespace wgns::faults {

namespace {

constexpr int op_read_multishot = 49;  // Linux 6.7

constinit RealFunction<decltype(::io_uring_submit)> real_submit{"io_uring_submit"};
constinit RealFunction<decltype(::io_uring_submit_and_wait)> real_wait{"io_uring_submit_and_wait"};
constinit RealFunction<decltype(::io_uring_submit_and_get_events)> real_get_events{
    "io_uring_submit_and_get_events"};
constinit RealFunction<decltype(::io_uring_submit_and_wait_timeout)> real_wait_timeout{
    "io_uring_submit_and_wait_timeout"};
constinit RealFunction<decltype(::syscall)> real_syscall{"syscall"};

struct Kind {
    const char* operation = nullptr;
    bool goes_on = false;  // a multishot
};

Kind kind_of(const io_uring_sqe& entry) noexcept {
    switch (entry.opcode) {
        case IORING_OP_SENDMSG:
            return {"udp_send", false};
        case IORING_OP_WRITEV:
            return {"tun_write", false};
        case IORING_OP_POLL_ADD:
            return {"mailbox", true};
        case IORING_OP_RECVMSG:
            return {"udp_receive", true};
        case op_read_multishot:
            return {"tun_read", true};
        default:
            return {};
    }
}

std::size_t bytes_of(const io_uring_sqe& entry) noexcept {
    const iovec* pieces = reinterpret_cast<const iovec*>(entry.addr);
    std::size_t count = entry.len;
    if (entry.opcode == IORING_OP_SENDMSG) {
        const auto* const message = reinterpret_cast<const msghdr*>(entry.addr);
        pieces = message->msg_iov;
        count = message->msg_iovlen;
    }
    std::size_t sum = 0;
    for (std::size_t i = 0; i < count; ++i)
        sum += pieces[i].iov_len;
    return sum;
}

// One for each thread that waits by io_uring.
class Watch {
public:
    // What is about to be handed to the kernel.
    void look_at_entries() {
        for (const unsigned end = ring_->sq.sqe_tail; entry_ != end; ++entry_)
            look_at(ring_->sq.sqes[entry_ & *ring_->sq.kring_mask]);
    }
    // What the kernel has handed back, before the program sees it.
    void look_at_completions() {
        const unsigned end = io_uring_smp_load_acquire(ring_->cq.ktail);
        for (; completion_ != end; ++completion_)
            look_at(ring_->cq.cqes[completion_ & *ring_->cq.kring_mask]);
    }
    void use(io_uring* ring) noexcept {
        if (ring_ == ring) return;
        ring_ = ring;
        entry_ = ring->sq.sqe_head;
        completion_ = *ring->cq.khead;
    }
    [[nodiscard]] bool has_ring() const noexcept { return ring_ != nullptr; }

private:
    void look_at(io_uring_sqe& entry) {
        const Kind kind = kinds_[entry.user_data] = kind_of(entry);
        if (kind.operation == nullptr) return;
        const auto fault = next_fault(kind.operation);
        if (!fault || (kind.goes_on && !fault->is_error())) return;
        const std::size_t size = kind.goes_on ? 0 : bytes_of(entry);
        owed_[entry.user_data].push_back(
            fault->is_error() ? fault->result : static_cast<std::int32_t>(fault->part_of(size)));
        const auto user_data = entry.user_data;
        io_uring_prep_nop(&entry);
        entry.user_data = user_data;
    }

    void look_at(io_uring_cqe& completion) {
        const Kind kind = kinds_[completion.user_data];
        if (kind.operation == nullptr) return;
        auto& owed = owed_[completion.user_data];
        const bool is_nop = completion.res == 0 && completion.flags == 0;
        if (!owed.empty() && (is_nop || completion.res == -ECANCELED)) {
            completion.res = owed.front();
            owed.pop_front();
        } else if (kind.goes_on && completion.res > 0) {
            if (const auto fault = next_fault(kind.operation)) disturb(completion, *fault);
        }
    }

    void disturb(io_uring_cqe& completion, Fault fault) {
        if (!fault.is_error()) {
            completion.res =
                static_cast<std::int32_t>(fault.part_of(static_cast<std::size_t>(completion.res)));
        } else if ((completion.flags & IORING_CQE_F_MORE) != 0 && cancel(completion.user_data)) {
            owed_[completion.user_data].push_back(fault.result);
        }
    }

    [[nodiscard]] bool cancel(std::uint64_t user_data) const noexcept {
        io_uring_sync_cancel_reg request{};
        request.addr = user_data;
        request.fd = -1;
        request.timeout = {-1, -1};
        return real_syscall(long{__NR_io_uring_register}, ring_->ring_fd,
                            IORING_REGISTER_SYNC_CANCEL, &request, 1) >= 0;
    }

    io_uring* ring_ = nullptr;
    unsigned entry_ = 0, completion_ = 0;  // the next to look at
    std::unordered_map<std::uint64_t, Kind> kinds_;
    std::unordered_map<std::uint64_t, std::deque<std::int32_t>> owed_;
};

thread_local Watch watch;

template <class Call>
int enter(io_uring* ring, Call call) {
    become(Role::worker);
    watch.use(ring);
    watch.look_at_entries();
    if (const auto fault = next_fault("wait"); fault && fault->is_error()) return fault->result;
    const int result = call();
    watch.look_at_completions();
    return result;
}

}  // namespace

bool thread_has_ring() noexcept {
    return watch.has_ring();
}

}  // namespace wgns::faults

using namespace wgns::faults;

extern "C" {

int io_uring_submit(io_uring* ring) {
    return enter(ring, [&] { return real_submit(ring); });
}

int io_uring_submit_and_get_events(io_uring* ring) {
    return enter(ring, [&] { return real_get_events(ring); });
}

int io_uring_submit_and_wait(io_uring* ring, unsigned count) {
    return enter(ring, [&] { return real_wait(ring, count); });
}

int io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** first, unsigned count,
                                     __kernel_timespec* timeout, sigset_t* mask) {
    return enter(ring, [&] { return real_wait_timeout(ring, first, count, timeout, mask); });
}

long syscall(long number, ...) noexcept {
    std::va_list rest;
    va_start(rest, number);
    long words[6];
    for (long& word : words)
        word = va_arg(rest, long);
    va_end(rest);
    const auto call = [&] {
        return real_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
    };
    if (number == __NR_io_uring_register && words[1] == IORING_REGISTER_RESTRICTIONS) return 0;
    if (number != __NR_io_uring_enter || !watch.has_ring()) return call();
    watch.look_at_entries();
    if (const auto fault = next_fault("wait"); fault && fault->is_error()) {
        errno = -fault->result;
        return -1;
    }
    const long result = call();
    watch.look_at_completions();
    return result;
}

}  // extern "C"
