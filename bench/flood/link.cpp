#include "bench/flood/link.h"

#include <poll.h>
#include <sys/socket.h>

#include "bench/flood/fail.h"

namespace wgns::bench {

Link::Link(const Endpoint& to) {
    sockaddr_storage address{};
    const socklen_t size = to_sockaddr(to, address);
    socket_.reset(socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // The answers to a whole burst.
    constexpr int room = 4 * 1024 * 1024;
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0)
        fail("connect");
}

void Link::send(std::span<const InitiationMessage> messages) {
    WG_ASSERT(messages.size() <= batch_max);
    std::array<iovec, batch_max> pieces;
    std::array<mmsghdr, batch_max> headers{};
    for (std::size_t i = 0; i < messages.size(); ++i) {
        pieces[i] = {const_cast<std::uint8_t*>(messages[i].data()), messages[i].size()};
        headers[i].msg_hdr.msg_iov = &pieces[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    // Of an error that an earlier datagram has caused, the next call tells; the rest goes on.
    for (std::size_t sent = 0; sent < messages.size();) {
        const int count = sendmmsg(socket_.get(), &headers[sent],
                                   static_cast<unsigned>(messages.size() - sent), 0);
        sent += count > 0 ? static_cast<std::size_t>(count) : 1;
    }
}

void Link::wait(std::chrono::milliseconds longest) const {
    pollfd readable{socket_.get(), POLLIN, 0};
    poll(&readable, 1, static_cast<int>(longest.count()));
}

std::span<const Bytes> Link::receive() {
    std::array<iovec, batch_max> pieces;
    std::array<mmsghdr, batch_max> headers{};
    for (std::size_t i = 0; i < batch_max; ++i) {
        pieces[i] = {buffers_[i].data(), buffers_[i].size()};
        headers[i].msg_hdr.msg_iov = &pieces[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = recvmmsg(socket_.get(), headers.data(), batch_max, MSG_DONTWAIT, nullptr);
    received_.clear();
    for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i)
        received_.push_back(Bytes(buffers_[i]).first(headers[i].msg_len));
    return received_;
}

}  // namespace wgns::bench
