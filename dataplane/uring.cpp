#include "dataplane/uring.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace wgns {

namespace {

constexpr std::uint32_t submission_entries = 256;
// Every write and send of a turn may complete before completions are looked at.
constexpr std::uint32_t completion_entries = 8192;

// Linux 6.12 (include/uapi/linux/io_uring.h); the headers may be older.
constexpr unsigned has_minimum_wait = 1u << 15;  // IORING_FEAT_MIN_TIMEOUT
struct EventsArgument {                          // io_uring_getevents_arg
    std::uint64_t signal_mask = 0;
    std::uint32_t signal_mask_size = 0;
    std::uint32_t minimum_wait = 0;  // microseconds, in which fewer events are not enough
    std::uint64_t timeout = 0;       // pointer to a __kernel_timespec
};
static_assert(sizeof(EventsArgument) == sizeof(io_uring_getevents_arg));

// Hands prepared entries over to the kernel with the next io_uring_enter; returns their number. As
// liburing does it inside the calls that it has for the purpose, none of which can wait as we do.
unsigned publish_entries(io_uring& ring) noexcept {
    io_uring_sq& queue = ring.sq;
    const unsigned mask = *queue.kring_mask;
    unsigned tail = *queue.ktail;
    for (; queue.sqe_head != queue.sqe_tail; ++queue.sqe_head)
        queue.array[tail++ & mask] = queue.sqe_head & mask;
    io_uring_smp_store_release(queue.ktail, tail);
    return tail - io_uring_smp_load_acquire(queue.khead);
}

__kernel_timespec timespec_of(Duration duration) noexcept {
    const auto count = std::max<std::int64_t>(duration.count(), 0);
    return {.tv_sec = count / 1'000'000'000, .tv_nsec = count % 1'000'000'000};
}

// liburing 2.3 declares functions for these and does not export them.
long register_with(const io_uring& ring, unsigned what, const void* argument, std::size_t count) {
    return ::syscall(__NR_io_uring_register, ring.ring_fd, what, argument, count);
}

io_uring_restriction allowed_operation(int operation) {
    io_uring_restriction allowed{};
    allowed.opcode = IORING_RESTRICTION_SQE_OP;
    allowed.sqe_op = static_cast<std::uint8_t>(operation);
    return allowed;
}

// From when it is enabled on.
Status restrict_ring(const io_uring& ring, std::span<const int> operations) {
    std::vector<io_uring_restriction> all(1);
    all[0].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
    all[0].sqe_flags = IOSQE_BUFFER_SELECT;
    all.push_back(allowed_operation(IORING_OP_ASYNC_CANCEL));
    std::ranges::transform(operations, std::back_inserter(all), allowed_operation);
    if (register_with(ring, IORING_REGISTER_RESTRICTIONS, all.data(), all.size()) == 0)
        return Done{};
    return uring_error(errno, "IORING_REGISTER_RESTRICTIONS");
}

}  // namespace

Error uring_error(int code, const char* operation) {
    const char* hint = "";
    if (code == EPERM) hint = "io_uring is disabled here (kernel.io_uring_disabled, seccomp)";
    if (code == ENOSYS) hint = "this kernel has no io_uring";
    return {code, operation, {}, hint};
}

Status Uring::probe() {
    auto ring = create({});
    if (!ring) return ring.error();
    io_uring_probe* const probe = io_uring_get_probe_ring(&(*ring)->raw());
    const bool has_multishot = probe && probe->last_op >= uring_op_read_multishot;
    if (probe) io_uring_free_probe(probe);
    if (!has_multishot)
        return Error{ENOSYS, "io_uring", "IORING_OP_READ_MULTISHOT", "Linux 6.7 has it"};
    return Done{};
}

Result<std::unique_ptr<Uring>> Uring::create(std::span<const int> operations) {
    io_uring_params params{};
    // Disabled at first, so that the thread that waits, not the one that creates, is the issuer.
    params.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
                   IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    params.cq_entries = completion_entries;
    io_uring ring{};
    const int made = io_uring_queue_init_params(submission_entries, &ring, &params);
    if (made != 0) return uring_error(-made, "io_uring_setup");
    std::unique_ptr<Uring> created(new Uring(ring));
    if (const auto done = restrict_ring(ring, operations); !done) return done.error();
    return created;
}

Uring::~Uring() {
    io_uring_queue_exit(&ring_);
}

io_uring_sqe& Uring::next_entry() noexcept {
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    while (!entry) {
        io_uring_submit(&ring_);
        entry = io_uring_get_sqe(&ring_);
    }
    ++under_way_;
    return *entry;
}

void Uring::enable() noexcept {
    if (std::exchange(is_enabled_, true)) return;
    const long failed = register_with(ring_, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    WG_ASSERT(failed == 0);
}

int Uring::submit() noexcept {
    enable();
    return io_uring_submit_and_get_events(&ring_);
}

int Uring::wait(Duration longest) noexcept {
    enable();
    if (longest == Duration::max()) return io_uring_submit_and_wait(&ring_, 1);
    io_uring_cqe* first = nullptr;
    __kernel_timespec timeout = timespec_of(longest);
    return io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
}

bool Uring::can_gather() const noexcept {
    return (ring_.features & has_minimum_wait) != 0;
}

int Uring::wait_for_many(unsigned count, std::chrono::microseconds time,
                         Duration longest) noexcept {
    enable();
    __kernel_timespec timeout = timespec_of(std::min<Duration>(longest, std::chrono::hours(1)));
    EventsArgument argument;
    argument.minimum_wait = static_cast<std::uint32_t>(time.count());
    argument.timeout = reinterpret_cast<std::uintptr_t>(&timeout);
    const long entered =
        ::syscall(__NR_io_uring_enter, ring_.ring_fd, publish_entries(ring_), count,
                  IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, sizeof argument);
    return entered < 0 ? -errno : static_cast<int>(entered);
}

void Uring::cancel_all() noexcept {
    if (!is_enabled_) return;
    prepare(0, [](io_uring_sqe* entry) {
        io_uring_prep_cancel64(entry, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    });
    // What is not cancelled by then is stuck, and it is the kernel's to wait for it.
    for (int tries = 0; under_way_ > 0 && tries < 100; ++tries) {
        wait(std::chrono::milliseconds(10));
        for_each_completion([](const io_uring_cqe&) {});
    }
}

}  // namespace wgns
