#include "bench/flood/link.h"

#include <poll.h>

#include "bench/flood/fail.h"

namespace wgns::bench {

Link::Link(const Endpoint& to, unsigned sources) : sources_(sources) {
    to_size_ = to_sockaddr(to, to_);
    socket_.reset(socket(to_.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // The answers to a whole burst.
    constexpr int room = 4 * 1024 * 1024;
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    const int failed =
        sources != 0 ? bind(socket_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any)
                     : connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to_), to_size_);
    if (failed != 0) fail("connect");
}

// IP_PKTINFO, ip(7).
void Link::write_source(Source& out) noexcept {
    auto* const header = reinterpret_cast<cmsghdr*>(out.control.data());
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl((10u << 24 | 78u << 16) + next_source_);
    std::memcpy(CMSG_DATA(header), &info, sizeof info);
    next_source_ = (next_source_ + 1) % sources_;
}

void Link::send(std::span<const Bytes> datagrams) {
    WG_ASSERT(datagrams.size() <= batch_max);
    std::array<iovec, batch_max> pieces;
    std::array<Source, batch_max> sources;
    std::array<mmsghdr, batch_max> headers{};
    for (std::size_t i = 0; i < datagrams.size(); ++i) {
        pieces[i] = {const_cast<std::uint8_t*>(datagrams[i].data()), datagrams[i].size()};
        msghdr& header = headers[i].msg_hdr;
        header.msg_iov = &pieces[i];
        header.msg_iovlen = 1;
        if (sources_ == 0) continue;
        write_source(sources[i]);
        header.msg_name = &to_;
        header.msg_namelen = to_size_;
        header.msg_control = sources[i].control.data();
        header.msg_controllen = sources[i].control.size();
    }
    // Of an error that an earlier datagram has caused, the next call tells; the rest goes on.
    for (std::size_t sent = 0; sent < datagrams.size();) {
        const int count = sendmmsg(socket_.get(), &headers[sent],
                                   static_cast<unsigned>(datagrams.size() - sent), 0);
        sent += count > 0 ? static_cast<std::size_t>(count) : 1;
    }
}

void Link::send(std::span<const InitiationMessage> messages) {
    send(std::vector<Bytes>(messages.begin(), messages.end()));
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
