#include "control/link_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <vector>

#include "netns/namespace.h"
#include "netns/tun_device.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

constexpr const char* interface = "wgnstest0";

// The interface is in a namespace of the test's own, which has no name.
struct LinkWatchTest : testing::Test {
    std::optional<Namespace> ns;
    TunQueues tun;
    boost::asio::io_context context;
    std::unique_ptr<LinkWatch> watch;
    std::vector<Link> changes;
    std::size_t refused = 0;  // which of them

    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "network namespaces and TUN devices need root";
        ns.emplace(*Namespace::create());
        tun = *open_tun(*ns, interface);
        auto started =
            LinkWatch::start(context, UniqueFd(::fcntl(tun.front().get(), F_DUPFD_CLOEXEC, 0)),
                             [this](const Link& link) {
                                 changes.push_back(link);
                                 return changes.size() != refused;
                             });
        ASSERT_TRUE(started) << describe(started.error());
        watch = *std::move(started);
    }
    void change(const std::function<Status(Netlink&, const Link&)>& what) {
        const Status done = ns->run([&]() -> Status {
            auto netlink = Netlink::open();
            if (!netlink) return netlink.error();
            const auto link = find_link(*netlink, interface);
            if (!link) return link.error();
            return what(*netlink, *link);
        });
        ASSERT_TRUE(done) << describe(done.error());
    }
    template <class Done>
    void run_until(Done done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!done() && std::chrono::steady_clock::now() < deadline)
            context.run_one_for(std::chrono::milliseconds(100));
        ASSERT_TRUE(done());
    }
};

TEST_F(LinkWatchTest, TellsWhatIsSoAndEveryChange) {
    EXPECT_EQ(watch->link().name, interface);
    EXPECT_EQ(watch->link().mtu, 1500U);
    EXPECT_FALSE(watch->link().is_up);
    change([](Netlink& netlink, const Link& link) { return set_link_mtu(netlink, link, 1280); });
    run_until([&] { return watch->link().mtu == 1280; });
    change([](Netlink& netlink, const Link& link) { return set_link_up(netlink, link); });
    run_until([&] { return watch->link().is_up; });
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[0].mtu, 1280U);
    EXPECT_TRUE(changes[1].is_up);
}

TEST_F(LinkWatchTest, AChangeIsToldAgainWhereItWasRefused) {
    refused = 1;
    change([](Netlink& netlink, const Link& link) { return set_link_mtu(netlink, link, 1280); });
    run_until([&] { return watch->link().mtu == 1280; });
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[1].mtu, 1280U);
}

TEST_F(LinkWatchTest, AnotherInterfaceIsNoChange) {
    const auto other = open_tun(*ns, "wgnstest1");
    ASSERT_TRUE(other);
    change([](Netlink& netlink, const Link& link) { return set_link_mtu(netlink, link, 1400); });
    run_until([&] { return !changes.empty(); });
    EXPECT_EQ(changes.size(), 1U);
}

TEST_F(LinkWatchTest, FollowsTheInterfaceIntoAnotherNamespace) {
    for (int moves = 0; moves < 2; ++moves) {
        change([](Netlink& netlink, const Link& link) { return set_link_up(netlink, link); });
        run_until([&] { return watch->link().is_up; });
        Namespace next = *Namespace::create();
        change([&](Netlink& netlink, const Link& link) {
            return move_link(netlink, link, next.fd());
        });
        ns.emplace(std::move(next));
        // Moving it takes it down.
        run_until([&] { return !watch->link().is_up; });
        change(
            [](Netlink& netlink, const Link& link) { return set_link_mtu(netlink, link, 1300); });
        run_until([&] { return watch->link().mtu == 1300; });
    }
}

TEST_F(LinkWatchTest, WhatIsNoTunDeviceIsAnError) {
    const auto started =
        LinkWatch::start(context, UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)), {});
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, ENOTTY);
}

}  // namespace
}  // namespace wgns
