#include "dataplane/uring_io.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace wgns {

namespace {

constexpr std::uint16_t tun_group = 1, udp_group = 2;
constexpr std::uint32_t payload_size = 65'536;
// Room for a virtio-net header too; rounded up, so that buffers begin on cache lines.
constexpr std::uint32_t tun_buffer_size = payload_size + 64;
// The kernel puts its own header, the sender and the control messages before the payload.
constexpr std::uint32_t udp_buffer_size =
    payload_size + sizeof(io_uring_recvmsg_out) + sizeof(sockaddr_storage) + receive_control_size;

constexpr int operations[] = {uring_op_read_multishot, IORING_OP_WRITEV, IORING_OP_RECVMSG,
                              IORING_OP_SENDMSG, IORING_OP_POLL_ADD};

// A flood (Turn::is_flood) costs most for waking up to each packet. From the second turn on they
// are let gather: until so many have arrived, or for so long.
constexpr unsigned gather_count = 64;
constexpr std::chrono::microseconds gather_time{250};

}  // namespace

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

Status UringIo::start() {
    auto ring = Uring::create(operations);
    if (!ring) return ring.error();
    ring_ = *std::move(ring);
    // A device without virtio-net headers reads as if it had ones that say nothing.
    const std::uint32_t prefix = ports_.has_virtio_header ? 0 : VirtioHeader::size;
    auto tun = BufferRing::create(*ring_, tun_group, {Turn::frames_max, tun_buffer_size, prefix});
    if (!tun) return tun.error();
    auto udp = BufferRing::create(*ring_, udp_group, {Turn::trains_max, udp_buffer_size, 0});
    if (!udp) return udp.error();
    tun_buffers_ = *std::move(tun);
    udp_buffers_ = *std::move(udp);
    return Done{};
}

// A receive is known by its family and by the generation of its socket.
UringIo::Token UringIo::receive_token(std::uint32_t generation, Family family) noexcept {
    return {Op::udp_receive, generation * 2 + static_cast<std::uint32_t>(family)};
}

int UringIo::udp(Family family) const noexcept {
    return (family == Family::v4 ? ports_.udp_v4 : ports_.udp_v6).get();
}

void UringIo::arm_tun() {
    tun_buffers_->serve(ring_->prepare(Token{Op::tun_read, 0}.bits(), [&](io_uring_sqe* sqe) {
        io_uring_prep_rw(uring_op_read_multishot, sqe, ports_.tun.get(), nullptr, 0, ~0ull);
    }));
    tun_armed_ = true;
}

void UringIo::arm_udp(Family family) {
    const Token token = receive_token(udp_generation_, family);
    udp_buffers_->serve(ring_->prepare(token.bits(), [&](io_uring_sqe* sqe) {
        io_uring_prep_recvmsg_multishot(sqe, udp(family), &receive_, 0);
    }));
    udp_armed_[static_cast<std::size_t>(family)] = true;
}

void UringIo::arm_mailbox() {
    ring_->prepare(Token{Op::mailbox, 0}.bits(), [&](io_uring_sqe* sqe) {
        io_uring_prep_poll_multishot(sqe, ports_.mailbox_event, POLLIN);
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
    if (std::exchange(has_failed_, false)) pause_after_failure();
    rearm();
    int result = 0;
    if (has_arrivals())
        result = ring_->submit();
    else if (is_flooded_ && longest > gather_time)
        result = ring_->wait_for_many(gather_count, gather_time, longest);
    else
        result = ring_->wait(longest);
    has_failed_ = is_failure(result);
}

// From either side in turns, so that what is to be sent never waits for all that was received, nor
// the other way round.
bool UringIo::collect(Turn& turn) {
    turn.clear_received();
    turn.has_commands = false;
    ring_->for_each_completion([&](const io_uring_cqe& cqe) { complete(cqe, turn); });
    while (!turn.has_enough() && has_arrivals()) {
        if (!from_tun_.empty()) lend_frame(from_tun_.pop(), turn);
        if (!from_udp_.empty()) lend_train(from_udp_.pop(), turn);
    }
    is_flooded_ = ring_->can_gather() && turn.is_flood();
    return !tun_gone_;
}

void UringIo::complete(const io_uring_cqe& cqe, Turn& turn) {
    const auto token = std::bit_cast<Token>(cqe.user_data);
    const bool is_armed = (cqe.flags & IORING_CQE_F_MORE) != 0;
    if (is_armed_again(token.op) && is_failure(cqe.res)) has_failed_ = true;
    switch (token.op) {
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
    return {BufferRing::picked(cqe), cqe.res};
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
    const Token receive = receive_token(retired.generation, family);
    ring_->prepare(Token{Op::cancel, 0}.bits(),
                   [&](io_uring_sqe* sqe) { io_uring_prep_cancel64(sqe, receive.bits(), 0); });
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
        ring_->prepare(Token{Op::tun_write, lent_slot}.bits(), [&](io_uring_sqe* sqe) {
            const std::uint32_t skipped = ports_.has_virtio_header ? 0 : 1;
            io_uring_prep_writev(sqe, ports_.tun.get(), turn.pieces.data() + write.first + skipped,
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
        ring_->prepare(Token{Op::udp_send, slot}.bits(), [&](io_uring_sqe* sqe) {
            io_uring_prep_sendmsg(sqe, fd, &send.message.header, 0);
        });
    }
    turn.to_udp.trains().clear();
}

void UringIo::end() {
    ring_->cancel_all();
}

}  // namespace wgns
