#include "control/network_events.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <optional>

#include "netns/addressing.h"
#include "netns/namespace.h"

namespace wgns {
namespace {

// Of a namespace of the test's own, which has no name.
struct NetworkEventsTest : testing::Test {
    std::optional<Namespace> ns;
    boost::asio::io_context context;
    std::unique_ptr<NetworkEvents> events;
    int changes = 0;
    int refused = 0;  // which of them

    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "network namespaces need root";
        ns.emplace(*Namespace::create());
        inside([&] {
            auto netlink = Netlink::open();
            ASSERT_TRUE(set_link_up(*netlink, *find_link(*netlink, "lo")));
            auto started = NetworkEvents::start(context, NetworkPart::routes,
                                                [this] { return ++changes != refused; });
            ASSERT_TRUE(started) << describe(started.error());
            events = *std::move(started);
        });
    }
    template <class Action>
    void inside(Action action) {
        const Status done = ns->run([&]() -> Status {
            action();
            return Done{};
        });
        ASSERT_TRUE(done) << describe(done.error());
    }
    void add_address(const char* text) {
        inside([&] {
            auto netlink = Netlink::open();
            const auto loopback = find_link(*netlink, "lo");
            const Status added = wgns::add_address(*netlink, *loopback, *IpPrefix::parse(text));
            EXPECT_TRUE(added) << describe(added.error());
        });
    }
    void run_until_changed() {
        run_until([&] { return changes != 0; });
    }
    template <class Done>
    void run_until(Done done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!done() && std::chrono::steady_clock::now() < deadline)
            context.run_one_for(std::chrono::milliseconds(100));
    }
};

TEST_F(NetworkEventsTest, AnAddressOfEitherFamilyIsAChange) {
    for (const char* const text : {"192.0.2.1/32", "2001:db8::1/128"}) {
        changes = 0;
        add_address(text);
        run_until_changed();
        EXPECT_EQ(changes, 1) << text;
    }
}

TEST_F(NetworkEventsTest, IsToldAgainWhereItWasRefused) {
    refused = 1;
    add_address("192.0.2.1/32");
    run_until([&] { return changes == 2; });
    EXPECT_EQ(changes, 2);
}

TEST_F(NetworkEventsTest, ManyAtATimeAreOneChange) {
    for (int i = 1; i < 100; ++i)
        add_address(("192.0.2." + std::to_string(i) + "/32").c_str());
    run_until_changed();
    EXPECT_EQ(changes, 1);
}

}  // namespace
}  // namespace wgns
