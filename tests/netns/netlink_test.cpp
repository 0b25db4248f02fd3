#include "netns/netlink.h"

#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "netns/link.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

TEST(netlink, keeps_the_namespace_it_was_opened_in) {
    WGNS_SKIP_UNLESS_ROOT();
    const auto ns = Namespace::create();
    ASSERT_TRUE(ns);
    auto netlink = ns->run([] { return Netlink::open(); });
    ASSERT_TRUE(netlink) << describe(netlink.error());
    const auto links = list_links(*netlink);
    ASSERT_TRUE(links) << describe(links.error());
    bool has_lo = false;
    for (const Link& link : *links) {
        has_lo = has_lo || link.name == "lo";
        EXPECT_FALSE(link.is_up) << "nothing is up in a new namespace: " << link.name;
    }
    EXPECT_TRUE(has_lo);
}

TEST(netlink, an_error_names_the_request_and_the_next_one_works) {
    WGNS_SKIP_UNLESS_ROOT();
    auto netlink = Netlink::open();
    ASSERT_TRUE(netlink);
    alignas(nlmsghdr) std::array<char, 128> buffer{};
    nlmsghdr* const message = mnl_nlmsg_put_header(buffer.data());
    message->nlmsg_type = RTM_GETLINK;
    auto* const body =
        static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
    body->ifi_index = 0x7ffffff0;
    const Status refused = netlink->request(*message, "RTM_GETLINK", "the last one");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENODEV);
    EXPECT_STREQ(refused.error().operation, "RTM_GETLINK");
    EXPECT_EQ(refused.error().subject, "the last one");
    EXPECT_TRUE(list_links(*netlink)) << "no answer of the refused one is left in the queue";
}

// Two attributes behind a header of four bytes.
struct Message {
    alignas(nlmsghdr) std::array<char, 128> buffer{};
    nlmsghdr* message = mnl_nlmsg_put_header(buffer.data());

    Message() {
        mnl_nlmsg_put_extra_header(message, sizeof(std::uint32_t));
        mnl_attr_put_u32(message, 1, 11);
        mnl_attr_put_u32(message, 2, 22);
    }
    [[nodiscard]] std::size_t attributes_behind(std::size_t header_size) const {
        std::size_t count = 0;
        for_each_attribute(*message, header_size, [&](const nlattr&) { ++count; });
        return count;
    }
};

TEST(netlink, a_message_has_the_attributes_that_fit_into_it) {
    Message made;
    EXPECT_EQ(made.attributes_behind(4), 2u);
    made.message->nlmsg_len -= 4;
    EXPECT_EQ(made.attributes_behind(4), 1u);
    // As a quoted request may claim that lies about its length.
    for (const std::size_t size : {std::size_t{100}, std::size_t{0xa1000012}, SIZE_MAX})
        EXPECT_EQ(made.attributes_behind(size), 0u) << size;
}

TEST(netlink, a_message_has_the_body_that_fits_into_it) {
    Message made;
    EXPECT_NE(body_of<std::uint32_t>(*made.message), nullptr);
    made.message->nlmsg_len = sizeof(nlmsghdr) + 3;
    EXPECT_EQ(body_of<std::uint32_t>(*made.message), nullptr);
}

}  // namespace
}  // namespace wgns
