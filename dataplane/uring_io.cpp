#include "dataplane/uring_io.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace wgns {

namespace {

// Linux 6.7; the headers and the library may be older than the kernel.
constexpr int op_read_multishot = 49;

constexpr std::uint32_t submission_entries = 256;
// Every write and send of a turn may complete before the next collect.
constexpr std::uint32_t completion_entries = 8192;
constexpr std::uint16_t tun_group = 1, udp_group = 2;
constexpr std::uint32_t payload_size = 65'536;
// Room for a virtio-net header too; rounded up, so that buffers begin on cache lines.
constexpr std::uint32_t tun_buffer_size = payload_size + 64;
// The kernel puts its own header, the sender and the control messages before the payload.
constexpr std::uint32_t udp_buffer_size =
    payload_size + sizeof(io_uring_recvmsg_out) + sizeof(sockaddr_storage) + receive_control_size;

// A flood of small packets costs most for waking up to each of them. From the second turn on they
// are let gather: until so many have arrived, or for so long.
constexpr unsigned gather_count = 64;
constexpr std::chrono::microseconds gather_time{250};
// What tells a flood from packets that somebody waits for: so many in a turn, and no superpackets.
constexpr std::size_t flood_count_min = 4, flood_bytes_max = 4096;

// Linux 6.12 (include/uapi/linux/io_uring.h); the headers may be older.
constexpr unsigned has_minimum_wait = 1u << 15;  // IORING_FEAT_MIN_TIMEOUT
struct EventsArgument {                          // io_uring_getevents_arg
    std::uint64_t signal_mask = 0;
    std::uint32_t signal_mask_size = 0;
    std::uint32_t minimum_wait = 0;  // microseconds, in which fewer events are not enough
    std::uint64_t timeout = 0;       // pointer to a __kernel_timespec
};
static_assert(sizeof(EventsArgument) == sizeof(io_uring_getevents_arg));

// What a completion belongs to, in the 64 bits that the kernel hands back.
struct Token {
    std::uint32_t op;
    std::uint32_t slot;
};
static_assert(sizeof(Token) == sizeof(std::uint64_t));

Error ring_error(int code, const char* operation) {
    const char* hint = "";
    if (code == EPERM) hint = "io_uring is disabled here (kernel.io_uring_disabled, seccomp)";
    if (code == ENOSYS) hint = "this kernel has no io_uring";
    return {code, operation, {}, hint};
}

Status make_ring(io_uring& ring) {
    io_uring_params params{};
    // Disabled at first, so that the thread that waits, not the one that creates, is the issuer.
    params.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER |
                   IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    params.cq_entries = completion_entries;
    const int made = io_uring_queue_init_params(submission_entries, &ring, &params);
    if (made != 0) return ring_error(-made, "io_uring_setup");
    return Done{};
}

void* map_anonymous(std::size_t size) noexcept {
    void* const memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
}

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

}  // namespace

Result<std::unique_ptr<BufferRing>> BufferRing::create(io_uring& ring, std::uint16_t group,
                                                       Shape shape) {
    std::unique_ptr<BufferRing> made(new BufferRing(shape));
    made->memory_ =
        static_cast<std::uint8_t*>(map_anonymous(std::size_t{shape.count} * shape.size));
    made->entries_ =
        static_cast<io_uring_buf_ring*>(map_anonymous(shape.count * sizeof(io_uring_buf)));
    if (!made->memory_ || !made->entries_) return Error{ENOMEM, "mmap", "receive buffers", {}};
    io_uring_buf_reg request{};
    request.ring_addr = reinterpret_cast<std::uintptr_t>(made->entries_);
    request.ring_entries = shape.count;
    request.bgid = group;
    if (const int failed = io_uring_register_buf_ring(&ring, &request, 0); failed != 0)
        return ring_error(-failed, "io_uring_register_buf_ring");
    io_uring_buf_ring_init(made->entries_);
    for (std::uint32_t id = 0; id < shape.count; ++id)
        made->give_back(static_cast<std::uint16_t>(id));
    return made;
}

BufferRing::~BufferRing() {
    if (memory_) ::munmap(memory_, std::size_t{shape_.count} * shape_.size);
    if (entries_) ::munmap(entries_, shape_.count * sizeof(io_uring_buf));
}

void BufferRing::give_back(std::uint16_t id) noexcept {
    io_uring_buf_ring_add(entries_, at(id) + shape_.prefix, shape_.size - shape_.prefix, id,
                          static_cast<int>(shape_.count - 1), 0);
    io_uring_buf_ring_advance(entries_, 1);
}

Status UringIo::probe() {
    io_uring ring{};
    if (auto made = make_ring(ring); !made) return made.error();
    io_uring_probe* const probe = io_uring_get_probe_ring(&ring);
    const bool has_multishot = probe && probe->last_op >= op_read_multishot;
    if (probe) io_uring_free_probe(probe);
    io_uring_queue_exit(&ring);
    if (!has_multishot)
        return Error{ENOSYS, "io_uring", "IORING_OP_READ_MULTISHOT", "Linux 6.7 has it"};
    return Done{};
}

Result<std::unique_ptr<Io>> UringIo::create(Ports ports) {
    // With O_NONBLOCK a read that has to wait would fail instead.
    ::fcntl(ports.tun.get(), F_SETFL, 0);
    std::unique_ptr<UringIo> io(new UringIo(std::move(ports)));
    if (auto started = io->start(); !started) return started.error();
    return std::unique_ptr<Io>(std::move(io));
}

UringIo::UringIo(Ports ports) : ports_(std::move(ports)), sends_(Turn::sends_max) {
    for (std::uint32_t slot = Turn::sends_max; slot-- > 0;)
        free_sends_.push_back(slot);
    receive_.msg_namelen = sizeof(sockaddr_storage);
    receive_.msg_controllen = receive_control_size;
}

UringIo::~UringIo() {
    if (ring_made_) io_uring_queue_exit(&ring_);
}

Status UringIo::start() {
    if (auto made = make_ring(ring_); !made) return made.error();
    ring_made_ = true;
    // A device without virtio-net headers reads as if it had ones that say nothing.
    const std::uint32_t prefix = ports_.has_virtio_header ? 0 : VirtioHeader::size;
    auto tun = BufferRing::create(ring_, tun_group, {Turn::frames_max, tun_buffer_size, prefix});
    if (!tun) return tun.error();
    auto udp = BufferRing::create(ring_, udp_group, {Turn::trains_max, udp_buffer_size, 0});
    if (!udp) return udp.error();
    tun_buffers_ = *std::move(tun);
    udp_buffers_ = *std::move(udp);
    return Done{};
}

io_uring_sqe& UringIo::prepare(Op op, std::uint32_t slot) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    while (!sqe) {
        io_uring_submit(&ring_);
        sqe = io_uring_get_sqe(&ring_);
    }
    ++under_way_;
    io_uring_prep_nop(sqe);
    sqe->user_data = std::bit_cast<std::uint64_t>(Token{static_cast<std::uint32_t>(op), slot});
    return *sqe;
}

namespace {

// liburing's prepare functions of this age reset user_data, which is ours to keep.
template <class Prepare>
void keep_token(io_uring_sqe& sqe, Prepare prepare) {
    const std::uint64_t token = sqe.user_data;
    prepare(&sqe);
    sqe.user_data = token;
}

void pick_buffer(io_uring_sqe& sqe, std::uint16_t group) {
    sqe.flags = static_cast<std::uint8_t>(sqe.flags | IOSQE_BUFFER_SELECT);
    sqe.buf_group = group;
}

}  // namespace

// A receive is known by its family and by the generation of its socket.
std::uint32_t UringIo::udp_slot(std::uint32_t generation, Family family) noexcept {
    return generation * 2 + static_cast<std::uint32_t>(family);
}

int UringIo::udp(Family family) const noexcept {
    return (family == Family::v4 ? ports_.udp_v4 : ports_.udp_v6).get();
}

void UringIo::arm_tun() {
    io_uring_sqe& sqe = prepare(Op::tun_read, 0);
    keep_token(sqe, [&](io_uring_sqe* s) {
        io_uring_prep_rw(op_read_multishot, s, ports_.tun.get(), nullptr, 0, ~0ull);
    });
    pick_buffer(sqe, tun_group);
    tun_armed_ = true;
}

void UringIo::arm_udp(Family family) {
    io_uring_sqe& sqe = prepare(Op::udp_receive, udp_slot(udp_generation_, family));
    keep_token(sqe, [&](io_uring_sqe* s) {
        io_uring_prep_recvmsg_multishot(s, udp(family), &receive_, 0);
    });
    pick_buffer(sqe, udp_group);
    udp_armed_[static_cast<std::size_t>(family)] = true;
}

void UringIo::arm_mailbox() {
    io_uring_sqe& sqe = prepare(Op::mailbox, 0);
    keep_token(sqe, [&](io_uring_sqe* s) {
        io_uring_prep_poll_multishot(s, ports_.mailbox_event, POLLIN);
    });
    mailbox_armed_ = true;
}

// Multishot reads end when buffers run out or something failed; by now buffers are back.
void UringIo::rearm() {
    if (!tun_armed_) arm_tun();
    for (const Family family : {Family::v4, Family::v6})
        if (!udp_armed_[static_cast<std::size_t>(family)] && udp(family) >= 0) arm_udp(family);
    if (!mailbox_armed_ && ports_.mailbox_event >= 0) arm_mailbox();
}

void UringIo::wait(Duration longest) {
    if (!std::exchange(enabled_, true)) {
        // liburing 2.3 declares io_uring_enable_rings and does not export it.
        const long failed = ::syscall(__NR_io_uring_register, ring_.ring_fd,
                                      IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
        WG_ASSERT(failed == 0);
    }
    if (std::exchange(has_failed_, false)) pause_after_failure();
    rearm();
    if (has_arrivals()) {
        io_uring_submit_and_get_events(&ring_);
        return;
    }
    if (is_flooded_ && longest > gather_time) return gather(longest);
    if (longest == Duration::max()) {
        has_failed_ = is_failure(io_uring_submit_and_wait(&ring_, 1));
        return;
    }
    io_uring_cqe* first = nullptr;
    __kernel_timespec timeout = timespec_of(longest);
    has_failed_ =
        is_failure(io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr));
}

void UringIo::gather(Duration longest) {
    __kernel_timespec timeout = timespec_of(std::min<Duration>(longest, std::chrono::hours(1)));
    EventsArgument argument;
    argument.minimum_wait = static_cast<std::uint32_t>(gather_time.count());
    argument.timeout = reinterpret_cast<std::uintptr_t>(&timeout);
    const long entered =
        ::syscall(__NR_io_uring_enter, ring_.ring_fd, publish_entries(ring_), gather_count,
                  IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, sizeof argument);
    has_failed_ = is_failure(entered < 0 ? -errno : 0);
}

template <class Fn>
void UringIo::for_each_completion(Fn fn) {
    unsigned head = 0, seen = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
        ++seen;
        if ((cqe->flags & IORING_CQE_F_MORE) == 0) --under_way_;
        fn(*cqe);
    }
    io_uring_cq_advance(&ring_, seen);
}

// From either side in turns, so that what is to be sent never waits for all that was received, nor
// the other way round.
bool UringIo::collect(Turn& turn) {
    turn.clear_received();
    turn.has_commands = false;
    for_each_completion([&](const io_uring_cqe& cqe) { complete(cqe, turn); });
    while (!turn.has_enough() && has_arrivals()) {
        if (!from_tun_.empty()) lend_frame(from_tun_.pop(), turn);
        if (!from_udp_.empty()) lend_train(from_udp_.pop(), turn);
    }
    const std::size_t count = turn.from_tun.size() + turn.from_udp.size();
    is_flooded_ = (ring_.features & has_minimum_wait) != 0 && count >= flood_count_min &&
                  turn.received_bytes <= count * flood_bytes_max;
    return !tun_gone_;
}

void UringIo::complete(const io_uring_cqe& cqe, Turn& turn) {
    const auto token = std::bit_cast<Token>(cqe.user_data);
    const bool is_armed = (cqe.flags & IORING_CQE_F_MORE) != 0;
    const auto op = static_cast<Op>(token.op);
    if (is_armed_again(op) && is_failure(cqe.res)) has_failed_ = true;
    switch (op) {
        case Op::tun_read:
            tun_armed_ = is_armed;
            tun_arrived(cqe);
            break;
        case Op::udp_receive:
            udp_arrived(cqe);
            if (!is_armed) udp_disarmed(token.slot);
            break;
        case Op::mailbox: {
            mailbox_armed_ = is_armed;
            std::uint64_t posted = 0;
            // Only to quiet it. Whatever comes of that, the poll tells of each post but once.
            [[maybe_unused]] const ssize_t size =
                ::read(ports_.mailbox_event, &posted, sizeof posted);
            turn.has_commands = true;
            break;
        }
        case Op::udp_send:
            send_done(token.slot, cqe.res, turn);
            break;
        case Op::tun_write:
            write_done(token.slot, cqe.res, turn);
            break;
        case Op::cancel:  // what was cancelled tells of itself
            break;
    }
}

void UringIo::tun_arrived(const io_uring_cqe& cqe) {
    if (cqe.res == -EBADFD || cqe.res == -EBADF) tun_gone_ = true;
    if ((cqe.flags & IORING_CQE_F_BUFFER) != 0) from_tun_.push(arrival_of(cqe));
}

void UringIo::lend_frame(Arrival arrival, Turn& turn) {
    tun_lent_.push_back(arrival.buffer);
    if (arrival.result <= 0) return;
    const auto size = static_cast<std::size_t>(arrival.result);
    turn.receive(TunFrame{tun_buffers_->bytes(arrival.buffer, size)});
}

void UringIo::udp_arrived(const io_uring_cqe& cqe) {
    if ((cqe.flags & IORING_CQE_F_BUFFER) != 0) from_udp_.push(arrival_of(cqe));
}

void UringIo::lend_train(Arrival arrival, Turn& turn) {
    lent_[lent_now_].buffers.push_back(arrival.buffer);
    if (arrival.result < 0) return;
    io_uring_recvmsg_out* const out =
        io_uring_recvmsg_validate(udp_buffers_->at(arrival.buffer), arrival.result, &receive_);
    if (!out) return;
    if ((out->flags & MSG_TRUNC) != 0) return turn.drops.count(Drop::truncated_datagram);
    const auto* const name = static_cast<const std::uint8_t*>(io_uring_recvmsg_name(out));
    const Bytes control{name + receive_.msg_namelen, out->controllen};
    auto* const payload = static_cast<std::uint8_t*>(io_uring_recvmsg_payload(out, &receive_));
    const std::size_t size = io_uring_recvmsg_payload_length(out, arrival.result, &receive_);
    sockaddr_storage from;
    std::memcpy(&from, name, sizeof from);
    turn.receive(read_train(from, control, {payload, size}));
}

UringIo::Arrival UringIo::arrival_of(const io_uring_cqe& cqe) noexcept {
    return {static_cast<std::uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT), cqe.res};
}

// The multishot receive of a slot has ended, by itself or by our cancelling it.
void UringIo::udp_disarmed(std::uint32_t slot) {
    const std::uint32_t generation = slot / 2;
    if (generation == udp_generation_) {
        udp_armed_[slot % 2] = false;
        return;
    }
    for (Retired& retired : retired_)
        if (retired.generation == generation) --retired.receiving;
    close_idle();
}

void UringIo::set_udp(UniqueFd v4, UniqueFd v6, std::function<void(int error)> done) {
    Retired& retired = retired_.emplace_back();
    retired.generation = udp_generation_++;
    retired.v4 = std::exchange(ports_.udp_v4, std::move(v4));
    retired.v6 = std::exchange(ports_.udp_v6, std::move(v6));
    retired.done = std::move(done);
    for (const Family family : {Family::v4, Family::v6})
        if (std::exchange(udp_armed_[static_cast<std::size_t>(family)], false))
            cancel_udp(retired, family);
    close_idle();
}

void UringIo::cancel_udp(Retired& retired, Family family) {
    const Token receive{static_cast<std::uint32_t>(Op::udp_receive),
                        udp_slot(retired.generation, family)};
    io_uring_sqe& sqe = prepare(Op::cancel, 0);
    keep_token(sqe, [&](io_uring_sqe* s) {
        io_uring_prep_cancel64(s, std::bit_cast<std::uint64_t>(receive), 0);
    });
    ++retired.receiving;
}

void UringIo::close_idle() {
    for (Retired& retired : retired_) {
        if (retired.receiving != 0) continue;
        retired.v4.reset();
        retired.v6.reset();
        retired.done(0);
    }
    std::erase_if(retired_, [](const Retired& retired) { return retired.receiving == 0; });
}

void UringIo::send_done(std::uint32_t slot, int result, Turn& turn) {
    Send& send = sends_[slot];
    if (result < 0) {
        const Train& train = *send.train;
        const int fd = udp(train.to.address.is_v4() ? Family::v4 : Family::v6);
        turn.drops.count(Drop::send_failed, train.count - resend(fd, train, -result));
    }
    send.train.reset();
    free_sends_.push_back(slot);
}

void UringIo::write_done(std::uint32_t slot, int result, Turn& turn) {
    if (result < 0) turn.drops.count(Drop::tun_write_failed);
    Lent& lent = lent_[slot];
    // What this turn has been lent is in use until submit, whatever writes end meanwhile.
    if (--lent.writes == 0 && slot != lent_now_) give_back(lent);
}

void UringIo::give_back(Lent& lent) {
    for (const std::uint16_t id : lent.buffers)
        udp_buffers_->give_back(id);
    lent.buffers.clear();
}

void UringIo::submit(Turn& turn) {
    for (const std::uint16_t id : tun_lent_)
        tun_buffers_->give_back(id);
    tun_lent_.clear();
    const auto lent_slot = static_cast<std::uint32_t>(lent_now_);
    Lent& lent = lent_[lent_now_];
    for (const TunWrite& write : turn.to_tun) {
        io_uring_sqe& sqe = prepare(Op::tun_write, lent_slot);
        keep_token(sqe, [&](io_uring_sqe* s) {
            const std::uint32_t skipped = ports_.has_virtio_header ? 0 : 1;
            io_uring_prep_writev(s, ports_.tun.get(), turn.pieces.data() + write.first + skipped,
                                 write.count - skipped, ~0ull);
        });
        ++lent.writes;
    }
    if (lent.writes == 0) {
        give_back(lent);
    } else {
        const std::size_t next = (lent_now_ + 1) % lent_.size();
        if (lent_[next].writes == 0) lent_now_ = next;
    }
    for (TrainRef& train : turn.to_udp.trains()) {
        WG_ASSERT(!free_sends_.empty());  // as many as there are trains
        const std::uint32_t slot = free_sends_.back();
        free_sends_.pop_back();
        Send& send = sends_[slot];
        send.train = std::move(train);
        send.message.set(*send.train);
        const int fd = udp(send.train->to.address.is_v4() ? Family::v4 : Family::v6);
        io_uring_sqe& sqe = prepare(Op::udp_send, slot);
        keep_token(sqe,
                   [&](io_uring_sqe* s) { io_uring_prep_sendmsg(s, fd, &send.message.header, 0); });
    }
    turn.to_udp.trains().clear();
}

// A ring that is merely closed is torn down by the kernel in its own time, and holds the TUN device
// until then.
void UringIo::end() {
    if (!enabled_) return;
    io_uring_sqe& sqe = prepare(Op::cancel, 0);
    keep_token(sqe, [](io_uring_sqe* s) {
        io_uring_prep_cancel64(s, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    });
    // What is not cancelled by then is stuck, and it is the kernel's to wait for it.
    for (int tries = 0; under_way_ > 0 && tries < 100; ++tries) {
        io_uring_cqe* first = nullptr;
        __kernel_timespec timeout = timespec_of(std::chrono::milliseconds(10));
        io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
        for_each_completion([](const io_uring_cqe&) {});
    }
}

}  // namespace wgns
