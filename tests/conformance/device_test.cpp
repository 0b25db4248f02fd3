// C56 to C62: the device and what is around it, as far as it needs no peer of flesh and blood. The
// rest is in tests/system.
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>

#include "control/link_watch.h"
#include "control/live_device.h"
#include "dataplane/udp_socket.h"
#include "fixture.h"
#include "netns/namespace.h"
#include "netns/tun_device.h"
#include "tests/control/worker_ports.h"
#include "tests/netns/test_network.h"
#include "tests/sim/two_hosts.h"

namespace wgns::conformance {
namespace {

// A running data plane on sockets, and a control thread that the test turns.
struct Sockets : ::testing::Test {
    boost::asio::io_context context;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
        context.get_executor()};
    WorkerPorts parts{1};
    UdpGroup watched = *duplicate(parts.copies);
    std::unique_ptr<DataPlane> data_plane;
    std::optional<LiveDevice> device;

    void SetUp() override {
        auto started = DataPlane::start({}, std::move(parts.ports), {}, [] {});
        ASSERT_TRUE(started) << describe(started.error());
        data_plane = *std::move(started);
        device.emplace(context, *data_plane,
                       LiveDevice::Sockets{std::move(parts.copies), 0, false});
    }
    int set(DeviceChange change) {
        std::optional<int> result;
        device->set(std::move(change), [&](int error) { result = error; });
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (!result && std::chrono::steady_clock::now() < deadline)
            context.run_one_for(100ms);
        return result.value_or(-1);
    }
    int set_port(std::uint16_t port) {
        DeviceChange change;
        change.listen_port = port;
        return set(std::move(change));
    }
    static int mark_of(const UniqueFd& udp) {
        int mark = -1;
        socklen_t size = sizeof mark;
        return ::getsockopt(udp.get(), SOL_SOCKET, SO_MARK, &mark, &size) == 0 ? mark : -1;
    }
};

TEST(Port, C56_PortZeroIsARandomOneTheSameInBothFamilies) {
    const auto group = open_udp_group(1, 0, 0);
    ASSERT_TRUE(group) << describe(group.error());
    const UdpSockets& sockets = group->front();
    ASSERT_TRUE(sockets.v4);
    EXPECT_NE(local_port(sockets.v4.get()), 0);
    if (!sockets.v6) GTEST_SKIP() << "no IPv6 here: IPv4 alone is enough";
    EXPECT_EQ(local_port(sockets.v4.get()), local_port(sockets.v6.get()));
}

TEST(Port, C56_APortTakenInOneFamilyIsTakenInBoth) {
    const auto v6 = open_udp(AF_INET6, 0, 0);
    if (!v6) GTEST_SKIP() << "no IPv6 here";
    const auto group = open_udp_group(1, local_port(v6->get()), 0);
    ASSERT_FALSE(group);
    EXPECT_EQ(group.error().code, EADDRINUSE);
}

TEST_F(Sockets, C56_AFailedRebindKeepsTheOldSockets) {
    const auto taken = open_udp_group(1, 0, 0);
    ASSERT_TRUE(taken);
    const std::uint16_t before = device->listen_port();
    EXPECT_EQ(set_port(port_of(*taken)), EADDRINUSE);
    EXPECT_EQ(device->listen_port(), before);
    EXPECT_FALSE(open_udp_group(1, before, 0)) << "still ours";
}

TEST_F(Sockets, C57_TheMarkIsOnBothSocketsAndChangesLive) {
    if (::geteuid() != 0) GTEST_SKIP() << "SO_MARK needs CAP_NET_ADMIN";
    for (const std::uint32_t mark : {51u, 52u, 0u}) {
        DeviceChange change;
        change.fwmark = mark;
        EXPECT_EQ(set(std::move(change)), 0);
        for (const UniqueFd* const udp : {&watched[0].v4, &watched[0].v6}) {
            if (!*udp) continue;
            EXPECT_EQ(mark_of(*udp), static_cast<int>(mark));
        }
    }
}

struct Sources : sim::TwoHosts {};

TEST_F(Sources, C57_AnotherMarkForgetsTheLocalAddresses) {
    connect();
    ApplyChange change;
    PeerChange& peer = change.change.peers.emplace_back();
    peer.public_key = b.public_key();
    peer.endpoint = b.ports.address;
    peer.endpoint->local = a.ports.address.address;
    a.post(std::move(change));
    a.post(ForgetSources{});
    EXPECT_EQ(a.snapshot().device.peers.at(0).endpoint.local, IpAddress{});
}

// A TUN device in a namespace of its own, which can be moved to another.
struct Movable : ::testing::Test {
    std::optional<Namespace> birth;
    std::optional<Namespace> now;
    TunQueues tun;

    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "network namespaces and TUN devices need root";
        birth.emplace(*Namespace::create());
        tun = *open_tun(*birth, "wgnstest0");
    }
    Status on_link(const Namespace& where,
                   const std::function<Status(Netlink&, const Link&)>& what) {
        return where.run([&]() -> Status {
            auto netlink = Netlink::open();
            if (!netlink) return netlink.error();
            const auto link = find_link(*netlink, "wgnstest0");
            if (!link) return link.error();
            return what(*netlink, *link);
        });
    }
    void move() {
        now.emplace(*Namespace::create());
        const auto moved = on_link(*birth, [&](Netlink& netlink, const Link& link) {
            return move_link(netlink, link, now->fd());
        });
        ASSERT_TRUE(moved) << describe(moved.error());
    }
};

TEST_F(Movable, C58_SocketsStayWhereTheyWereBorn) {
    auto sockets = birth->run([] { return open_udp_group(1, 0, 0); });
    ASSERT_TRUE(sockets);
    move();
    EXPECT_EQ(tun_namespace(tun.front().get())->identity(), now->identity());
    const UniqueFd ns(::ioctl((*sockets)[0].v4.get(), SIOCGSKNS));
    ASSERT_TRUE(ns);
    const auto of_socket = Namespace::open("/proc/self/fd/" + std::to_string(ns.get()));
    ASSERT_TRUE(of_socket);
    EXPECT_EQ(of_socket->identity(), birth->identity());
}

TEST_F(Movable, C62_AnotherMtuIsNoticedWhereTheDeviceWasMovedTo) {
    boost::asio::io_context context;
    const auto watch =
        LinkWatch::start(context, UniqueFd(::fcntl(tun.front().get(), F_DUPFD_CLOEXEC, 0)),
                         [](const Link&) { return true; });
    ASSERT_TRUE(watch) << describe(watch.error());
    const auto becomes = [&](const Namespace& where, std::uint32_t mtu) {
        const auto set = on_link(where, [&](Netlink& netlink, const Link& link) {
            return set_link_mtu(netlink, link, mtu);
        });
        ASSERT_TRUE(set) << describe(set.error());
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while ((*watch)->link().mtu != mtu && std::chrono::steady_clock::now() < deadline)
            context.run_one_for(100ms);
        EXPECT_EQ((*watch)->link().mtu, mtu);
    };
    becomes(*birth, 1300);
    move();
    becomes(*now, 1280);
    becomes(*now, 1290);
}

struct Mtu : sim::TwoHosts {};

TEST_F(Mtu, C62_AnotherMtuCountsFromTheNextPacketOn) {
    establish();
    const std::pair<std::uint32_t, std::size_t> rows[] = {{100, 100}, {101, 101}, {0, 112}};
    for (const auto& [mtu, padded] : rows) {
        a.post(SetMtu{mtu});
        a.send(a.packet_to(b, 100));
        a.turn();
        ASSERT_EQ(a.ports.sent.size(), 1u);
        EXPECT_EQ(a.ports.sent[0].bytes.size(), data_overhead + padded);
        a.ports.sent.clear();
    }
}

struct LinkState : Conversation {};

TEST_F(LinkState, C59_DownNothingIsLeftAndNothingIsSent) {
    meet();
    talk();
    set_keepalive(a, b, 25);
    static_cast<void>(a.take());
    a.send(b, "sent");
    const Datagram theirs = data(b, a, "hello");
    clock.advance(limits::reject_after_time);
    a.send(b, "staged");
    static_cast<void>(a.take());
    a.device.link_down(a.drops);
    const Peer& peer = a.peer(b);
    EXPECT_EQ(peer.keypairs.current(), nullptr);
    EXPECT_EQ(peer.keypairs.previous(), nullptr);
    EXPECT_EQ(peer.keypairs.next(), nullptr);
    EXPECT_FALSE(peer.handshake.pending_index());
    EXPECT_TRUE(peer.staged.empty());
    EXPECT_TRUE(a.device.next_deadline().is_never());
    EXPECT_EQ(a.receive(theirs, b.address), Drop::unknown_index);
    a.set_private_key(generate_private_key(a.entropy));
    set_keepalive(a, b, 0);
    set_keepalive(a, b, 25);
    EXPECT_TRUE(take_for(a, 1000s).empty());
}

TEST_F(LinkState, C59_DownNothingIsAnswered) {
    meet();
    b.device.link_down(b.drops);
    const Datagram initiation = initiate(a, b);
    EXPECT_EQ(b.receive(initiation, a.address), Drop::link_down);
    EXPECT_EQ(b.receive(initiation, a.address, heavy), Drop::link_down);
    EXPECT_TRUE(b.take().empty());
}

// Who takes the interface up tells us a moment after packets can come.
TEST_F(LinkState, C59_WhatCameAMomentBeforeUpIsAnswered) {
    meet();
    b.device.link_down(b.drops);
    EXPECT_EQ(b.receive(initiate(a, b), a.address), Drop::link_down);
    EXPECT_TRUE(b.take().empty());
    clock.advance(limits::early_initiation_life);
    b.device.link_up(clock.moment(), b.outbox);
    EXPECT_EQ(count_of(MessageType::response, deliver(b, a)), 1u);
    settle();
    EXPECT_NE(b.peer(a).keypairs.current(), nullptr);
}

TEST_F(LinkState, C59_WhatCameLongBeforeUpIsNot) {
    meet();
    b.device.link_down(b.drops);
    EXPECT_EQ(b.receive(initiate(a, b), a.address), Drop::link_down);
    clock.advance(limits::early_initiation_life + 1ms);
    b.device.link_up(clock.moment(), b.outbox);
    EXPECT_TRUE(b.take().empty());
}

TEST_F(LinkState, C59_DownAgainNothingOfBeforeIsAnswered) {
    meet();
    b.device.link_down(b.drops);
    EXPECT_EQ(b.receive(initiate(a, b), a.address), Drop::link_down);
    b.device.link_down(b.drops);
    b.device.link_up(clock.moment(), b.outbox);
    EXPECT_TRUE(b.take().empty());
}

TEST_F(LinkState, C59_UpAgainAHandshakeStartsAtOnce) {
    meet();
    talk();
    a.device.link_down(a.drops);
    clock.advance(20ms);
    a.device.link_up(clock.moment(), a.outbox);
    a.send(b, "hello");
    EXPECT_EQ(count_of(MessageType::initiation, deliver(a, b)), 1u);
    settle();
    EXPECT_EQ(b.received.back(), "hello");
}

TEST_F(LinkState, C60_OurOwnKeyIsNoPeer) {
    PeerChange ourselves;
    ourselves.public_key = a.key;
    a.apply(std::move(ourselves));
    EXPECT_TRUE(a.device.snapshot().peers.empty());
    connect();
    a.set_private_key(b.secret);
    EXPECT_TRUE(a.device.snapshot().peers.empty());
}

TEST_F(LinkState, C61_PeersAndTheirTimestampsOutliveDownAndUp) {
    meet();
    const Datagram initiation = initiate(a, b);
    static_cast<void>(answer(b, initiation, a));
    const PeerSnapshot before = b.peer_snapshot();
    b.device.link_down(b.drops);
    clock.advance(1s);
    b.device.link_up(clock.moment(), b.outbox);
    const PeerSnapshot after = b.peer_snapshot();
    EXPECT_EQ(after.endpoint, before.endpoint);
    EXPECT_EQ(after.received_bytes, before.received_bytes);
    EXPECT_EQ(after.allowed_ips.size(), 1u);
    EXPECT_EQ(b.receive(initiation, a.address), Drop::replayed_initiation);
}

}  // namespace
}  // namespace wgns::conformance
