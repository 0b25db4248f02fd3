#include "io_harness.h"

#include <algorithm>
#include <array>

namespace wgns {

namespace {

Endpoint loopback(int udp) {
    Endpoint endpoint = *Endpoint::parse("127.0.0.1:1");
    endpoint.port = local_port(udp);
    return endpoint;
}

std::string text_of(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

}  // namespace

IoHarness::IoHarness(IoKind kind) : mailbox(*Mailbox::create()) {
    std::array<int, 2> tun{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, tun.data()), 0);
    tun_far.reset(tun[1]);
    udp_far = *open_udp(AF_INET, 0, 0);
    Ports ports;
    ports.tun.reset(tun[0]);
    ports.udp_v4 = *open_udp(AF_INET, 0, 0);
    ports.mailbox_event = mailbox.event_fd();
    near = loopback(ports.udp_v4.get());
    far = loopback(udp_far.get());
    auto choice = make_io(kind, std::move(ports));
    EXPECT_TRUE(choice) << describe(choice.error());
    io = std::move(choice->io);
}

bool IoHarness::turn() {
    io->wait(std::chrono::milliseconds(100));
    const bool goes_on = io->collect(work);
    for (const TunFrame& frame : work.from_tun)
        frames.push_back(text_of(frame.bytes));
    for (const ReceivedTrain& train : work.from_udp)
        for (std::size_t at = 0; at < train.bytes.size(); at += train.segment_size)
            datagrams.push_back(text_of(train.bytes.subspan(
                at, std::min<std::size_t>(train.segment_size, train.bytes.size() - at))));
    io->submit(work);
    return goes_on;
}

void IoHarness::put_into_tun(const std::string& packet) const {
    ASSERT_EQ(::send(tun_far.get(), packet.data(), packet.size(), 0),
              static_cast<ssize_t>(packet.size()));
}

std::string IoHarness::take_from_tun() const {
    std::string packet(70'000, '\0');
    const ssize_t size = ::recv(tun_far.get(), packet.data(), packet.size(), MSG_DONTWAIT);
    packet.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return packet;
}

void IoHarness::send_to_io(const std::string& datagram) const {
    sockaddr_storage address;
    const unsigned size = to_sockaddr(near, address);
    ASSERT_EQ(::sendto(udp_far.get(), datagram.data(), datagram.size(), 0,
                       reinterpret_cast<const sockaddr*>(&address), size),
              static_cast<ssize_t>(datagram.size()));
}

std::string IoHarness::receive_from_io() const {
    std::string datagram(70'000, '\0');
    const ssize_t size = ::recv(udp_far.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
    datagram.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return datagram;
}

}  // namespace wgns
