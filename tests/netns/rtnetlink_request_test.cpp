#include "netns/rtnetlink_request.h"

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

namespace wgns {
namespace {

TEST(rtnetlink_request, a_body_with_attributes_behind_it) {
    rtmsg body{};
    body.rtm_family = AF_INET6;
    RtnetlinkRequest request(RTM_GETROUTE, NLM_F_DUMP, body);
    request.put(RTA_OIF, 7);
    request.put(RTA_DST, *IpAddress::parse("2001:db8::1"));
    const nlmsghdr& header = request.header();
    EXPECT_EQ(header.nlmsg_type, RTM_GETROUTE);
    EXPECT_EQ(header.nlmsg_flags, NLM_F_DUMP);
    ASSERT_NE(body_of<rtmsg>(header), nullptr);
    EXPECT_EQ(body_of<rtmsg>(header)->rtm_family, AF_INET6);
    std::uint32_t link = 0;
    unsigned address_bytes = 0;
    for_each_attribute(header, sizeof body, [&](const nlattr& attribute) {
        if (mnl_attr_get_type(&attribute) == RTA_OIF) link = number_of(attribute);
        if (mnl_attr_get_type(&attribute) == RTA_DST)
            address_bytes = mnl_attr_get_payload_len(&attribute);
    });
    EXPECT_EQ(link, 7U);
    EXPECT_EQ(address_bytes, 16U);
}

TEST(rtnetlink_request, an_address_has_a_family) {
    EXPECT_EQ(family_of(*IpAddress::parse("192.0.2.1")), AF_INET);
    EXPECT_EQ(family_of(*IpAddress::parse("2001:db8::1")), AF_INET6);
}

}  // namespace
}  // namespace wgns
