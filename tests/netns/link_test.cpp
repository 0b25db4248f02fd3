#include "netns/link.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/read_file.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

// With what a program inside reads.
struct Inside : TunInside {
    [[nodiscard]] std::string file(const std::string& path) const {
        return *ns.run([&] { return read_file(path); });
    }
    [[nodiscard]] short flags() const {
        return *ns.run([] {
            const UniqueFd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
            ifreq request{};
            std::memcpy(request.ifr_name, "wgnstest0", 9);
            EXPECT_EQ(::ioctl(any.get(), SIOCGIFFLAGS, &request), 0);
            return Result<short>(request.ifr_flags);
        });
    }
};

TEST(link, names) {
    const struct {
        std::string name;
        bool is_valid;
    } rows[] = {
        /* 1 */ {"wg0", true},
        /* 2 */ {std::string(15, 'i'), true},
        /* 3 */ {std::string(16, 'i'), false},
        /* 4 */ {"", false},
        /* 5 */ {".", false},
        /* 6 */ {"..", false},
        /* 7 */ {"a/b", false},
        /* 8 */ {"a:b", false},
        /* 9 */ {"a b", false},
        /* 10 */ {"wg%d", false},
        /* 11 */ {"a\tb", false},
        /* 12 */ {"a\x01", false},
    };
    for (const auto& row : rows)
        EXPECT_EQ(valid_interface_name(row.name), row.is_valid) << row.name;
}

TEST(link, find_by_name) {
    WGNS_SKIP_UNLESS_ROOT();
    Inside inside;
    EXPECT_NE(inside.link.index, 0U);
    EXPECT_EQ(inside.link.name, "wgnstest0");
    EXPECT_FALSE(inside.link.is_up);
    const auto missing = find_link(*inside.netlink, "wgnstest1");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ENODEV);
    EXPECT_EQ(missing.error().subject, "wgnstest1");
}

TEST(link, is_found_in_another_namespace_from_here) {
    WGNS_SKIP_UNLESS_ROOT();
    const Inside inside;
    auto here = Netlink::open();
    ASSERT_TRUE(here);
    const auto number = number_namespace(*here, inside.ns.fd());
    ASSERT_TRUE(number) << describe(number.error());
    EXPECT_EQ(*number_namespace(*here, inside.ns.fd()), *number);
    const auto found = find_link_elsewhere(*here, *number, "wgnstest0");
    ASSERT_TRUE(found) << describe(found.error());
    EXPECT_EQ(found->index, inside.link.index);
    EXPECT_EQ(found->mtu, inside.link.mtu);
    EXPECT_EQ(find_link_elsewhere(*here, *number, "wgnstest1").error().code, ENODEV);
    // 1: a number that nobody has  2: what is no namespace
    EXPECT_FALSE(find_link_elsewhere(*here, 987'654, "wgnstest0"));
    EXPECT_FALSE(number_namespace(*here, 987));
}

TEST(link, a_prepared_tun_says_nothing_of_its_own) {
    WGNS_SKIP_UNLESS_ROOT();
    Inside inside;
    const Status prepared = prepare_tun(*inside.netlink, inside.link, 1420);
    ASSERT_TRUE(prepared) << describe(prepared.error());
    ASSERT_TRUE(set_link_up(*inside.netlink, inside.link));
    const auto after = find_link(*inside.netlink, "wgnstest0");
    ASSERT_TRUE(after);
    EXPECT_TRUE(after->is_up);
    EXPECT_EQ(after->mtu, 1420U);
    EXPECT_EQ(inside.flags() & IFF_MULTICAST, 0);
    EXPECT_EQ(inside.file("/proc/net/if_inet6").find("wgnstest0"), std::string::npos)
        << "it has an address that nobody asked for";
}

TEST(link, a_superpacket_has_the_size_that_was_asked_for) {
    WGNS_SKIP_UNLESS_ROOT();
    Inside inside;
    const Status set = set_link_gso_max_size(*inside.netlink, inside.link, 62'328);
    ASSERT_TRUE(set) << describe(set.error());
    EXPECT_EQ(find_link(*inside.netlink, "wgnstest0")->gso_max_size, 62'328U);
    const Status refused = set_link_gso_max_size(*inside.netlink, inside.link, 0x8000'0000);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EINVAL);
}

TEST(link, an_mtu_that_no_device_has_is_refused) {
    WGNS_SKIP_UNLESS_ROOT();
    Inside inside;
    const Status refused = prepare_tun(*inside.netlink, inside.link, 10);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EINVAL);
    EXPECT_EQ(refused.error().subject, "wgnstest0");
}

TEST(link, a_cable_joins_two_namespaces) {
    WGNS_SKIP_UNLESS_ROOT();
    const Namespace here = *Namespace::create();
    const Namespace there = *Namespace::create();
    auto netlink = here.run([] { return Netlink::open(); });
    auto far_netlink = there.run([] { return Netlink::open(); });
    const Status made = add_veth(*netlink, "wgnstest1", there.fd(), "wgnstest2");
    ASSERT_TRUE(made) << describe(made.error());
    const auto near_end = find_link(*netlink, "wgnstest1");
    const auto far_end = find_link(*far_netlink, "wgnstest2");
    ASSERT_TRUE(near_end && far_end);
    EXPECT_FALSE(find_link(*netlink, "wgnstest2"));
    EXPECT_FALSE(near_end->is_up);
    EXPECT_TRUE(set_link_up(*netlink, *near_end));
    EXPECT_TRUE(set_link_up(*far_netlink, *far_end));
    const Status twice = add_veth(*netlink, "wgnstest1", there.fd(), "wgnstest3");
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, EEXIST);
}

}  // namespace
}  // namespace wgns
