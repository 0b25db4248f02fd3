#include "dataplane/epoll_io.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace wgns {

namespace {

Status watch(int epoll, int fd) {
    if (fd < 0) return Done{};
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        return Error{errno, "epoll_ctl", {}, {}};
    return Done{};
}

// Rounded up, so that a deadline has passed when the sleep ends.
int milliseconds_of(Duration longest) {
    if (longest == Duration::max()) return -1;
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(longest).count();
    return static_cast<int>(std::clamp<std::int64_t>(ms, 0, 3'600'000));
}

}  // namespace

Result<std::unique_ptr<Io>> EpollIo::create(Ports ports) {
    // Reading goes on until there is nothing more.
    ::fcntl(ports.tun.get(), F_SETFL, O_NONBLOCK);
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return Error{errno, "epoll_create1", {}, {}};
    for (const int fd :
         {ports.tun.get(), ports.udp_v4.get(), ports.udp_v6.get(), ports.mailbox_event})
        if (auto added = watch(epoll.get(), fd); !added) return added.error();
    return std::unique_ptr<Io>(new EpollIo(std::move(ports), std::move(epoll)));
}

EpollIo::EpollIo(Ports ports, UniqueFd epoll)
    : ports_(std::move(ports)),
      epoll_(std::move(epoll)),
      tun_memory_(new std::uint8_t[Turn::frames_max * buffer_size]),
      udp_memory_(new std::uint8_t[Turn::trains_max * buffer_size]),
      receives_(Turn::trains_max),
      messages_(Turn::trains_max) {}

void EpollIo::note(ssize_t result) noexcept {
    if (result < 0 && is_failure(-errno)) has_failed_ = true;
}

void EpollIo::wait(Duration longest) {
    if (std::exchange(has_failed_, false)) pause_after_failure();
    using Steady = std::chrono::steady_clock;
    const Steady::time_point start = Steady::now();
    std::array<epoll_event, 4> events;
    for (Duration left = longest;;) {
        const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                       milliseconds_of(left));
        note(ready);
        // Not only signals interrupt: so does work that a ring of this thread leaves behind.
        if (ready >= 0 || errno != EINTR) return;
        if (longest != Duration::max())
            left = std::max<Duration>(longest - (Steady::now() - start), Duration::zero());
    }
}

bool EpollIo::collect(Turn& turn) {
    turn.clear_received();
    receive(ports_.udp_v4.get(), turn);
    receive(ports_.udp_v6.get(), turn);
    std::uint64_t posted = 0;
    if (ports_.mailbox_event >= 0)
        turn.has_commands = ::read(ports_.mailbox_event, &posted, sizeof posted) > 0;
    return read_tun(turn);
}

bool EpollIo::read_tun(Turn& turn) {
    // A device without virtio-net headers reads as if it had ones that say nothing.
    const std::size_t prefix = ports_.has_virtio_header ? 0 : VirtioHeader::size;
    while (turn.from_tun.size() < Turn::frames_max && !turn.has_enough()) {
        std::uint8_t* const buffer = tun_memory_.get() + turn.from_tun.size() * buffer_size;
        const ssize_t size = ::read(ports_.tun.get(), buffer + prefix, buffer_size - prefix);
        note(size);
        if (size > 0)
            turn.receive(TunFrame{{buffer, prefix + static_cast<std::size_t>(size)}});
        else
            return size == 0 || errno != EBADFD;
    }
    return true;
}

void EpollIo::receive(int udp, Turn& turn) {
    if (udp < 0) return;
    const std::size_t first = turn.from_udp.size();
    for (std::size_t i = first; i < Turn::trains_max; ++i) {
        Receive& one = receives_[i];
        one.piece = {udp_memory_.get() + i * buffer_size, buffer_size};
        msghdr& header = messages_[i].msg_hdr;
        header = {};
        header.msg_name = &one.from;
        header.msg_namelen = sizeof one.from;
        header.msg_iov = &one.piece;
        header.msg_iovlen = 1;
        header.msg_control = one.control.data();
        header.msg_controllen = one.control.size();
    }
    const int count =
        ::recvmmsg(udp, messages_.data() + first, static_cast<unsigned>(Turn::trains_max - first),
                   MSG_DONTWAIT, nullptr);
    note(count);
    for (std::size_t i = first; count > 0 && i < first + static_cast<std::size_t>(count); ++i) {
        const msghdr& header = messages_[i].msg_hdr;
        if ((header.msg_flags & MSG_TRUNC) != 0) {
            turn.drops.count(Drop::truncated_datagram);
            continue;
        }
        turn.receive(read_train(
            receives_[i].from, Bytes(receives_[i].control).first(header.msg_controllen),
            {static_cast<std::uint8_t*>(receives_[i].piece.iov_base), messages_[i].msg_len}));
    }
}

void EpollIo::set_udp(UniqueFd v4, UniqueFd v6, std::function<void(int error)> done) {
    for (const UniqueFd* const fd : {&v4, &v6})
        if (auto added = watch(epoll_.get(), fd->get()); !added) {
            // Not by closing: a descriptor's other copies would keep it watched.
            ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, v4.get(), nullptr);
            return done(added.error().code);
        }
    for (const UniqueFd* const fd : {&ports_.udp_v4, &ports_.udp_v6})
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd->get(), nullptr);
    ports_.udp_v4 = std::move(v4);
    ports_.udp_v6 = std::move(v6);
    done(0);
}

void EpollIo::submit(Turn& turn) {
    const std::uint32_t skipped = ports_.has_virtio_header ? 0 : 1;
    for (const TunWrite& write : turn.to_tun) {
        const ssize_t written =
            ::writev(ports_.tun.get(), turn.pieces.data() + write.first + skipped,
                     static_cast<int>(write.count - skipped));
        if (written < 0) turn.drops.count(Drop::tun_write_failed);
    }
    for (const TrainRef& train : turn.to_udp.trains())
        send(turn, *train);
    turn.to_udp.trains().clear();
}

void EpollIo::send(Turn& turn, const Train& train) {
    const int udp = (train.to.address.is_v4() ? ports_.udp_v4 : ports_.udp_v6).get();
    SendMessage message;
    message.set(train);
    if (::sendmsg(udp, &message.header, MSG_DONTWAIT) >= 0) return;
    turn.drops.count(Drop::send_failed, train.count - resend(udp, train, errno));
}

}  // namespace wgns
