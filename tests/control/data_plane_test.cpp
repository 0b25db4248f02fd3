#include "control/data_plane.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "tests/control/worker_ports.h"

namespace wgns {
namespace {

TEST(DataPlane, IsChosenByWords) {
    const struct {
        DataPlaneWords words;
        const char* wrong;  // the option that is refused, or none
    } rows[] = {
        /* 1 */ {{}, nullptr},
        /* 2 */ {{"epoll", "sodium", "tcp,udp", "8"}, nullptr},
        /* 3 */ {{"kqueue", "auto", "all", "auto"}, "--io"},
        /* 4 */ {{"auto", "aes", "all", "auto"}, "--aead"},
        /* 5 */ {{"auto", "auto", "some", "auto"}, "--offloads"},
        /* 6 */ {{"auto", "auto", "all", "0"}, "--workers"},
        /* 7 */ {{"auto", "auto", "all", "9"}, "--workers"},
        /* 8 */ {{"auto", "auto", "all", "2x"}, "--workers"},
        /* 9 */ {{"auto", "auto", "all", ""}, "--workers"},
    };
    int number = 0;
    for (const auto& row : rows) {
        const auto choice = choose(row.words);
        ++number;
        EXPECT_EQ(choice.has_value(), row.wrong == nullptr) << "row " << number;
        EXPECT_STREQ(choice ? nullptr : choice.error().operation, row.wrong) << "row " << number;
    }
    EXPECT_EQ(choose({"epoll", "sodium", "tcp,udp", "8"})->workers, 8U);
    EXPECT_GE(choose({})->workers, 1U);
}

TEST(DataPlane, TakesTheBackendItIsTold) {
    for (const IoKind kind : {IoKind::uring, IoKind::epoll}) {
        WorkerPorts ports;
        DataPlaneChoice choice;
        choice.io = kind;
        const auto worker = DataPlane::start(choice, std::move(ports.ports), {}, [] {});
        ASSERT_TRUE(worker) << describe(worker.error());
        std::promise<std::string> io;
        ASSERT_TRUE((*worker)->post(
            TakeSnapshot{[&](const WorkerSnapshot& snapshot) { io.set_value(snapshot.io); }}));
        EXPECT_EQ(io.get_future().get(), kind == IoKind::uring ? "uring" : "epoll");
    }
}

// An IPv4 packet from 10.9.0.1 to 10.9.0.2 without anything in it, as a TUN device gives it: behind
// ten bytes of a virtio-net header.
constexpr std::array<std::uint8_t, 30> waiting_packet{0,    0, 0,  0,  0, 0, 0,  0, 0,  0,
                                                      0x45, 0, 0,  20, 0, 1, 0,  0, 64, 253,
                                                      0,    0, 10, 9,  0, 1, 10, 9, 0,  2};

std::size_t staged_packets(DataPlane& data_plane) {
    std::promise<std::size_t> staged;
    const bool is_posted = data_plane.post(TakeSnapshot{[&](const WorkerSnapshot& snapshot) {
        const auto& peers = snapshot.device.peers;
        staged.set_value(peers.empty() ? 0 : peers.front().staged_packets);
    }});
    return is_posted ? staged.get_future().get() : 0;
}

// Else who has sent already would be told that nobody owns the address.
TEST(DataPlane, KnowsItsPeersBeforeTheFirstPacket) {
    for (const unsigned count : {1U, 2U}) {
        WorkerPorts ports(count);
        for (const UniqueFd& tun : ports.tun_far)
            ASSERT_EQ(::write(tun.get(), waiting_packet.data(), waiting_packet.size()),
                      static_cast<ssize_t>(waiting_packet.size()));
        Beginning beginning;
        beginning.change.private_key.emplace().mutable_bytes()[0] = 8;
        PeerChange& peer = beginning.change.peers.emplace_back();
        peer.public_key.bytes[0] = 9;
        peer.endpoint = *Endpoint::parse("127.0.0.1:9");
        peer.allowed_ips.push_back({*IpPrefix::parse("10.9.0.0/24"), false});
        const auto started =
            DataPlane::start({}, std::move(ports.ports), std::move(beginning), [] {});
        ASSERT_TRUE(started) << describe(started.error());
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (staged_packets(**started) < count && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        EXPECT_EQ(staged_packets(**started), count);
    }
}

TEST(DataPlane, DoesWhatItWasPostedBeforeItEnds) {
    bool is_done = false;
    {
        WorkerPorts ports;
        const auto worker = DataPlane::start({}, std::move(ports.ports), {}, [] {});
        ASSERT_TRUE(worker) << describe(worker.error());
        ASSERT_TRUE((*worker)->post(TakeSnapshot{[&](const WorkerSnapshot&) { is_done = true; }}));
    }
    EXPECT_TRUE(is_done);
}

}  // namespace
}  // namespace wgns
