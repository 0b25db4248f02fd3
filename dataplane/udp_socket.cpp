#include "dataplane/udp_socket.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace wgns {

namespace {

// linux/udp.h and netinet/udp.h cannot stand together; the numbers are the kernel's.
constexpr int udp_segment = 103;
constexpr int udp_gro = 104;

// 10 ms of receiving and 1 ms of sending at 10 Gbit/s fit well; the kernel doubles what is asked
// for.
constexpr int receive_buffer_bytes = 4 << 20;
constexpr int send_buffer_bytes = 2 << 20;

bool set_option(int fd, int level, int name, int value) noexcept {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// Beyond net.core.[rw]mem_max only with CAP_NET_ADMIN.
void set_buffer(int fd, int forced, int plain, int bytes) noexcept {
    if (!set_option(fd, SOL_SOCKET, forced, bytes)) set_option(fd, SOL_SOCKET, plain, bytes);
}

class ControlWriter {
public:
    explicit ControlWriter(msghdr& header) noexcept : header_(header) {}

    template <class T>
    void add(int level, int type, const T& value) noexcept {
        auto* at = reinterpret_cast<cmsghdr*>(static_cast<std::uint8_t*>(header_.msg_control) +
                                              header_.msg_controllen);
        at->cmsg_level = level;
        at->cmsg_type = type;
        at->cmsg_len = CMSG_LEN(sizeof value);
        std::memcpy(CMSG_DATA(at), &value, sizeof value);
        header_.msg_controllen += CMSG_SPACE(sizeof value);
    }

private:
    msghdr& header_;
};

void add_source(ControlWriter& control, const Endpoint& to) noexcept {
    if (to.local == IpAddress{}) return;
    if (to.address.is_v4()) {
        in_pktinfo info{};
        info.ipi_ifindex = static_cast<int>(to.local_interface);
        std::memcpy(&info.ipi_spec_dst, to.local.bytes().data(), 4);
        control.add(IPPROTO_IP, IP_PKTINFO, info);
    } else {
        in6_pktinfo info{};
        info.ipi6_ifindex = to.local_interface;
        std::memcpy(&info.ipi6_addr, to.local.mapped().data(), 16);
        control.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
}

template <class T>
T data_of(const std::uint8_t* data) noexcept {
    T value;
    std::memcpy(&value, data, sizeof value);
    return value;
}

// One control message beside a received train; unknown ones are passed over.
void read_control(ReceivedTrain& train, const cmsghdr& header, Bytes data) noexcept {
    const auto is = [&](int level, int type, std::size_t size) {
        return header.cmsg_level == level && header.cmsg_type == type && data.size() >= size;
    };
    if (is(IPPROTO_UDP, udp_gro, sizeof(int))) {
        const int size = data_of<int>(data.data());
        if (size > 0) train.segment_size = static_cast<std::uint32_t>(size);
    } else if (is(IPPROTO_IP, IP_PKTINFO, sizeof(in_pktinfo))) {
        const auto info = data_of<in_pktinfo>(data.data());
        std::array<std::uint8_t, 4> raw;
        std::memcpy(raw.data(), &info.ipi_spec_dst, 4);
        train.from.local = IpAddress::v4(raw);
        train.from.local_interface = static_cast<std::uint32_t>(info.ipi_ifindex);
    } else if (is(IPPROTO_IPV6, IPV6_PKTINFO, sizeof(in6_pktinfo))) {
        const auto info = data_of<in6_pktinfo>(data.data());
        std::array<std::uint8_t, 16> raw;
        std::memcpy(raw.data(), &info.ipi6_addr, 16);
        train.from.local = IpAddress::v6(raw);
        train.from.local_interface = info.ipi6_ifindex;
    } else if (is(SOL_SOCKET, SO_RXQ_OVFL, sizeof(std::uint32_t))) {
        train.overflows = data_of<std::uint32_t>(data.data());
    } else if (is(IPPROTO_IP, IP_TOS, 1)) {
        train.tos = data[0];
    } else if (is(IPPROTO_IPV6, IPV6_TCLASS, sizeof(int))) {
        train.tos = static_cast<std::uint8_t>(data_of<int>(data.data()));
    }
}

Status set_options(int fd, int family, std::uint32_t fwmark) {
    const bool is_v6 = family == AF_INET6;
    if (is_v6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
        return Error{errno, "setsockopt", "IPV6_V6ONLY", {}};
    if (fwmark != 0 && !set_option(fd, SOL_SOCKET, SO_MARK, static_cast<int>(fwmark)))
        return Error{errno, "setsockopt", "SO_MARK", "FwMark needs CAP_NET_ADMIN"};
    // What follows makes the tunnel better and is not needed for it to work.
    if (is_v6) {
        set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    } else {
        set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
        set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
        // The outer packet may be fragmented, as the kernel's may (ignore_df).
        set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    }
    set_option(fd, IPPROTO_UDP, udp_gro, 1);
    set_option(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, receive_buffer_bytes);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, send_buffer_bytes);
    return Done{};
}

}  // namespace

Result<UniqueFd> open_udp(int family, std::uint16_t port, std::uint32_t fwmark, PortUse use) {
    UniqueFd fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const std::string subject = family == AF_INET6 ? "UDP over IPv6" : "UDP over IPv4";
    if (!fd) return Error{errno, "socket", subject, {}};
    if (auto set = set_options(fd.get(), family, fwmark); !set) return set.error();
    if (use == PortUse::shared)
        if (auto shared = share_port(fd.get()); !shared) return shared.error();
    sockaddr_storage address{};
    address.ss_family = static_cast<sa_family_t>(family);
    // The port stands at the same place for both families.
    reinterpret_cast<sockaddr_in&>(address).sin_port = htons(port);
    const socklen_t size = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0)
        return Error{errno, "bind", subject + " port " + std::to_string(port),
                     "choose another ListenPort"};
    return fd;
}

Status share_port(int udp) {
    if (set_option(udp, SOL_SOCKET, SO_REUSEPORT, 1)) return Done{};
    return Error{errno, "setsockopt", "SO_REUSEPORT", {}};
}

namespace {

bool has_segment_option(int udp) noexcept {
    int size = 0;
    socklen_t length = sizeof size;
    return ::getsockopt(udp, IPPROTO_UDP, udp_segment, &size, &length) == 0;
}

}  // namespace

std::uint32_t probe_segments_max() noexcept {
    const auto to = Endpoint::parse("127.0.0.1:1");
    const auto udp = open_udp(AF_INET, 0, 0);
    if (!udp || !to) return 1;
    std::array<std::uint8_t, Train::segments_max> bytes{};
    for (const std::uint32_t count : {Train::segments_max, Train::old_segments_max}) {
        Train train;
        train.to = *to;
        train.to.port = local_port(udp->get());
        train.data = bytes.data();
        train.used = train.count = count;
        train.segment_size = 1;
        SendMessage message;
        message.set(train);
        if (::sendmsg(udp->get(), &message.header, MSG_DONTWAIT) >= 0) return count;
        if (errno == EINVAL || errno == EMSGSIZE) continue;
        // Nobody can be reached, as where `lo` is down: what every kernel with UDP_SEGMENT takes.
        return has_segment_option(udp->get()) ? Train::old_segments_max : 1;
    }
    return 1;
}

std::uint16_t local_port(int udp) noexcept {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(udp, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    return from_sockaddr(address).port;
}

void SendMessage::set(const Train& train) noexcept {
    piece = {train.data, train.used};
    header = {};
    header.msg_name = &to;
    header.msg_namelen = to_sockaddr(train.to, to);
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control;
    ControlWriter writer(header);
    if (train.count > 1)
        writer.add(IPPROTO_UDP, udp_segment, static_cast<std::uint16_t>(train.segment_size));
    if (train.tos != 0 && train.to.address.is_v4()) writer.add(IPPROTO_IP, IP_TOS, int{train.tos});
    if (train.tos != 0 && !train.to.address.is_v4())
        writer.add(IPPROTO_IPV6, IPV6_TCLASS, int{train.tos});
    add_source(writer, train.to);
    if (header.msg_controllen == 0) header.msg_control = nullptr;
}

std::uint32_t resend(int udp, const Train& train, int error) noexcept {
    // What a source that is no longer ours is called, or its interface; Linux 6.18 says of IPv4
    // that the network is unreachable.
    const bool is_stale =
        train.to.local != IpAddress{} &&
        (error == EINVAL || error == EADDRNOTAVAIL || error == ENETUNREACH || error == ENODEV);
    // A full queue or a network that really is unreachable does not get better by smaller parts.
    const bool may_help = is_stale || error == EIO || error == EINVAL || error == EMSGSIZE;
    if (!may_help) return 0;
    std::uint32_t sent = 0;
    Train single = train;
    single.count = 1;
    if (is_stale) single.to.forget_local();
    for (std::uint32_t at = 0; at < train.used; at += train.segment_size) {
        single.data = train.data + at;
        single.used = std::min(train.segment_size, train.used - at);
        SendMessage message;
        message.set(single);
        if (::sendmsg(udp, &message.header, MSG_DONTWAIT) >= 0) ++sent;
    }
    return sent;
}

ReceivedTrain read_train(const sockaddr_storage& from, Bytes control, MutableBytes bytes) noexcept {
    ReceivedTrain train;
    train.from = from_sockaddr(from);
    train.bytes = bytes;
    train.segment_size = static_cast<std::uint32_t>(bytes.size());
    while (control.size() >= sizeof(cmsghdr)) {
        cmsghdr header;
        std::memcpy(&header, control.data(), sizeof header);
        if (header.cmsg_len < CMSG_LEN(0) || header.cmsg_len > control.size()) break;
        read_control(train, header, control.first(header.cmsg_len).subspan(CMSG_LEN(0)));
        control = control.subspan(std::min(control.size(), CMSG_ALIGN(header.cmsg_len)));
    }
    return train;
}

}  // namespace wgns
