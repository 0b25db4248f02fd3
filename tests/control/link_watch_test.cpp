#include "control/link_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <vector>

#include "netns/namespace.h"
#include "netns/tun_device.h"

namespace wgns {
namespace {

constexpr const char* interface = "wgnstest0";

Status move_link(Netlink& netlink, const Link& link, int ns) {
    alignas(nlmsghdr) std::array<char, 256> piece{};
    nlmsghdr* const header = mnl_nlmsg_put_header(piece.data());
    header->nlmsg_type = RTM_NEWLINK;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ifinfomsg)))->ifi_index =
        static_cast<int>(link.index);
    mnl_attr_put_u32(header, IFLA_NET_NS_FD, static_cast<std::uint32_t>(ns));
    return netlink.request(*header, "RTM_NEWLINK", link.name);
}

// The interface is in a namespace of the test's own, which has no name.
struct LinkWatchTest : testing::Test {
    std::optional<Namespace> ns;
    TunQueues tun;
    boost::asio::io_context context;
    std::unique_ptr<LinkWatch> watch;
    std::vector<Link> changes;

    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "network namespaces and TUN devices need root";
        ns.emplace(*Namespace::create());
        tun = *open_tun(*ns, interface);
        auto started =
            LinkWatch::start(context, UniqueFd(::fcntl(tun.front().get(), F_DUPFD_CLOEXEC, 0)),
                             [this](const Link& link) { changes.push_back(link); });
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
