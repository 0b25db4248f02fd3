#include "control/dns_probe.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>

#include "netns/addressing.h"
#include "netns/namespace.h"
#include "netns/tun_device.h"

namespace wgns {
namespace {

using std::chrono::milliseconds;

TEST(DnsProbe, QuestionIsOneOfRfc1035) {
    const std::string question = root_question(0xABCD);
    ASSERT_EQ(question.size(), 17U);
    EXPECT_EQ(question.substr(0, 6), std::string("\xAB\xCD\x01\x00\x00\x01", 6));
    EXPECT_EQ(question.substr(12), std::string("\x00\x00\x02\x00\x01", 5));
}

TEST(DnsProbe, SeesTheLinkThatAQuestionLeavesBy) {
    if (::geteuid() != 0 || ::access("/dev/net/tun", F_OK) < 0)
        GTEST_SKIP() << "needs root and /dev/net/tun";
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    const auto tun = open_tun(*ns, "wgns0");
    ASSERT_TRUE(tun);
    const auto server = *IpAddress::parse("192.0.2.53");
    const auto no_route = ns->run([&] { return trace_question(server, milliseconds(100)); });
    EXPECT_FALSE(no_route);
    std::uint32_t index = 0;
    const auto seen = ns->run([&]() -> Result<QuestionPath> {
        auto netlink = Netlink::open();
        if (!netlink) return netlink.error();
        const auto link = find_link(*netlink, "wgns0");
        if (!link) return link.error();
        index = link->index;
        auto done = add_address(*netlink, *link, *IpPrefix::parse("192.0.2.1/24"));
        if (done) done = set_link_up(*netlink, *link);
        if (!done) return done.error();
        return trace_question(server, milliseconds(200));
    });
    ASSERT_TRUE(seen) << describe(seen.error());
    EXPECT_EQ(seen->links, std::vector<std::uint32_t>{index});
    EXPECT_FALSE(seen->is_answered);
}

}  // namespace
}  // namespace wgns
