#include "control/live_device.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/udp_socket.h"
#include "tests/control/worker_ports.h"

namespace wgns {
namespace {

// By the number of workers.
struct LiveDeviceTest : testing::TestWithParam<unsigned> {
    boost::asio::io_context context;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
        context.get_executor()};
    WorkerPorts parts{GetParam()};
    std::unique_ptr<DataPlane> worker;
    std::optional<LiveDevice> device;

    void SetUp() override {
        auto started = DataPlane::start({}, std::move(parts.ports), {}, [] {});
        ASSERT_TRUE(started) << describe(started.error());
        worker = *std::move(started);
        device.emplace(context, *worker, LiveDevice::Sockets{*duplicate(parts.copies), 0, false});
        parts.copies.clear();
    }
    template <class Done>
    void run_until(Done done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!done() && std::chrono::steady_clock::now() < deadline)
            context.run_one_for(std::chrono::milliseconds(100));
        ASSERT_TRUE(done());
    }
    int set(DeviceChange change) {
        std::optional<int> result;
        device->set(std::move(change), [&](int error) { result = error; });
        run_until([&] { return result.has_value(); });
        return result.value_or(-1);
    }
    int set_port(std::uint16_t port) {
        DeviceChange change;
        change.listen_port = port;
        return set(std::move(change));
    }
    DeviceSnapshot get() {
        std::optional<DeviceSnapshot> result;
        device->get([&](std::optional<DeviceSnapshot> snapshot) { result = std::move(snapshot); });
        run_until([&] { return result.has_value(); });
        return std::move(*result);
    }
    [[nodiscard]] static std::uint16_t free_port() { return port_of(*open_udp_group(1, 0, 0)); }
    [[nodiscard]] static bool is_free(std::uint16_t port) {
        return open_udp_group(1, port, 0).has_value();
    }
};

TEST_P(LiveDeviceTest, TellsThePortThatTheProtocolDoesNotKnow) {
    EXPECT_NE(get().listen_port, 0);
    EXPECT_EQ(get().listen_port, device->listen_port());
    EXPECT_EQ(get().fwmark, 0U);
}

TEST_P(LiveDeviceTest, MovesToAnotherPortAndFreesTheOldOne) {
    const std::uint16_t before = device->listen_port();
    const std::uint16_t port = free_port();
    EXPECT_EQ(set_port(port), 0);
    EXPECT_EQ(get().listen_port, port);
    EXPECT_FALSE(is_free(port));
    EXPECT_TRUE(is_free(before));
    EXPECT_EQ(set_port(before), 0);
    EXPECT_TRUE(is_free(port));
}

TEST_P(LiveDeviceTest, APortThatIsTakenChangesNothing) {
    const auto taken = open_udp_group(1, 0, 0);
    ASSERT_TRUE(taken);
    const std::uint16_t before = device->listen_port();
    DeviceChange change;
    change.listen_port = port_of(*taken);
    change.peers.emplace_back().public_key.bytes[0] = 1;
    EXPECT_EQ(set(std::move(change)), EADDRINUSE);
    EXPECT_EQ(get().listen_port, before);
    EXPECT_TRUE(get().peers.empty());
    EXPECT_FALSE(is_free(before));
}

TEST_P(LiveDeviceTest, AFreePortStaysWhereAnyIsAskedFor) {
    const std::uint16_t any = device->listen_port();
    EXPECT_EQ(set_port(0), 0);
    EXPECT_EQ(device->listen_port(), any);
    // Asked for by its number, it is no longer any.
    EXPECT_EQ(set_port(any), 0);
    EXPECT_EQ(set_port(0), 0);
    EXPECT_NE(device->listen_port(), any);
    EXPECT_NE(device->listen_port(), 0);
}

TEST_P(LiveDeviceTest, MarksTheSocketsItHasAndThoseToCome) {
    if (::geteuid() != 0) GTEST_SKIP() << "SO_MARK needs CAP_NET_ADMIN";
    DeviceChange mark;
    mark.fwmark = 51;
    EXPECT_EQ(set(std::move(mark)), 0);
    EXPECT_EQ(get().fwmark, 51U);
    EXPECT_EQ(set_port(free_port()), 0);
    EXPECT_EQ(get().fwmark, 51U);
    DeviceChange none;
    none.fwmark = 0;
    none.listen_port = free_port();
    EXPECT_EQ(set(std::move(none)), 0);
    EXPECT_EQ(get().fwmark, 0U);
}

TEST_P(LiveDeviceTest, ChangesGoOneAfterTheOther) {
    std::vector<int> order;
    for (int i = 0; i < 20; ++i) {
        DeviceChange change;
        change.replace_peers = true;
        change.listen_port = i % 2 == 0 ? free_port() : std::uint16_t{0};
        change.peers.emplace_back().public_key.bytes[0] = static_cast<std::uint8_t>(i + 1);
        device->set(std::move(change), [&order, i](int error) {
            EXPECT_EQ(error, 0);
            order.push_back(i);
        });
    }
    run_until([&] { return order.size() == 20; });
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
    const DeviceSnapshot last = get();
    ASSERT_EQ(last.peers.size(), 1U);
    EXPECT_EQ(last.peers[0].public_key.bytes[0], 20);
}

INSTANTIATE_TEST_SUITE_P(Workers, LiveDeviceTest, testing::Values(1U, 2U),
                         [](const auto& param_info) { return std::to_string(param_info.param); });

}  // namespace
}  // namespace wgns
