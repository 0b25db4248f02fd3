#include "netns/addressing.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "tests/netns/test_network.h"

namespace wgns {
namespace {

IpPrefix prefix(const char* text) {
    return IpPrefix::parse(text).value();
}

TEST(addressing, addresses_of_both_families_can_be_used_at_once) {
    WGNS_SKIP_UNLESS_ROOT();
    TunInside inside;
    ASSERT_TRUE(prepare_tun(*inside.netlink, inside.link, 1420));
    ASSERT_TRUE(set_link_up(*inside.netlink, inside.link));
    for (const char* each : {"10.77.0.2/24", "10.78.0.2/32", "fd77::2/64"}) {
        const Status added = add_address(*inside.netlink, inside.link, prefix(each));
        EXPECT_TRUE(added) << describe(added.error());
        Endpoint self;
        self.address = prefix(each).address;
        const auto bound = inside.ns.run([&] {
            sockaddr_storage address{};
            const unsigned size = to_sockaddr(self, address);
            const UniqueFd udp(::socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
            return check(::bind(udp.get(), reinterpret_cast<sockaddr*>(&address), size), "bind");
        });
        EXPECT_TRUE(bound) << each << ": " << describe(bound.error());
    }
    const Status twice = add_address(*inside.netlink, inside.link, prefix("10.77.0.2/24"));
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, EEXIST);
}

TEST(addressing, routes_lead_into_the_tunnel) {
    WGNS_SKIP_UNLESS_ROOT();
    TunInside inside;
    ASSERT_TRUE(prepare_tun(*inside.netlink, inside.link, 1380));
    ASSERT_TRUE(set_link_up(*inside.netlink, inside.link));
    ASSERT_TRUE(add_address(*inside.netlink, inside.link, prefix("10.77.0.2/24")));
    ASSERT_TRUE(add_address(*inside.netlink, inside.link, prefix("fd77::2/64")));
    const auto mtu_to = [&](const char* address) {
        const auto mtu = route_mtu(*inside.netlink, *IpAddress::parse(address));
        return mtu ? *mtu : 0;
    };
    const struct {
        const char* route;
        const char* destination;
    } rows[] = {
        /* 1 */ {"192.0.2.7/32", "192.0.2.7"},
        /* 2 */ {"198.51.100.0/24", "198.51.100.200"},
        /* 3 */ {"0.0.0.0/0", "203.0.113.1"},
        /* 4 */ {"2001:db8:1::/48", "2001:db8:1::9"},
        /* 5 */ {"::/0", "2001:db8:2::9"},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(mtu_to(row.destination), 0U) << row.destination << " before " << row.route;
        Route route;
        route.destination = prefix(row.route);
        const Status added = add_route(*inside.netlink, inside.link, route);
        EXPECT_TRUE(added) << describe(added.error());
        EXPECT_EQ(mtu_to(row.destination), 1380U) << row.route;
    }
}

TEST(addressing, a_route_that_the_address_made_already_is_fine) {
    WGNS_SKIP_UNLESS_ROOT();
    TunInside inside;
    ASSERT_TRUE(prepare_tun(*inside.netlink, inside.link, 1420));
    ASSERT_TRUE(set_link_up(*inside.netlink, inside.link));
    for (const char* each : {"10.77.0.2/24", "fd77::2/64"}) {
        ASSERT_TRUE(add_address(*inside.netlink, inside.link, prefix(each)));
        Route route;
        route.destination = prefix(each).masked();
        const Status added = add_route(*inside.netlink, inside.link, route);
        EXPECT_TRUE(added) << describe(added.error());
    }
}

TEST(addressing, a_route_in_a_table_of_its_own_with_a_metric) {
    WGNS_SKIP_UNLESS_ROOT();
    TunInside inside;
    ASSERT_TRUE(set_link_up(*inside.netlink, inside.link));
    const Route route{prefix("0.0.0.0/0"), 51820, 7};
    EXPECT_TRUE(add_route(*inside.netlink, inside.link, route));
    const auto mtu = route_mtu(*inside.netlink, *IpAddress::parse("203.0.113.1"));
    ASSERT_FALSE(mtu) << "the main table must not have it";
    EXPECT_EQ(mtu.error().code, ENETUNREACH);
}

TEST(addressing, every_path_is_listed) {
    WGNS_SKIP_UNLESS_ROOT();
    TunInside inside;
    ASSERT_TRUE(set_link_up(*inside.netlink, inside.link));
    ASSERT_TRUE(add_route(*inside.netlink, inside.link, {prefix("0.0.0.0/0"), 51820, 7}));
    ASSERT_TRUE(add_route(*inside.netlink, inside.link, {prefix("192.0.2.0/24"), 254, {}}));
    ASSERT_TRUE(add_route(*inside.netlink, inside.link, {prefix("::/0"), 254, {}}));
    const auto paths = list_paths(*inside.netlink);
    ASSERT_TRUE(paths) << describe(paths.error());
    std::vector<std::string> texts;
    for (const Path& path : *paths) {
        EXPECT_EQ(path.links, std::vector<std::uint32_t>{inside.link.index});
        texts.push_back(path.destination.to_string() + " " + std::to_string(path.table));
    }
    for (const char* text : {"0.0.0.0/0 51820", "192.0.2.0/24 254", "::/0 254"})
        EXPECT_EQ(std::count(texts.begin(), texts.end(), text), 1) << text;
}

TEST(addressing, a_route_over_a_link_that_is_down_is_refused) {
    WGNS_SKIP_UNLESS_ROOT();
    TunInside inside;
    const Status refused = add_route(*inside.netlink, inside.link, {prefix("0.0.0.0/0"), 254, {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENETDOWN);
    EXPECT_EQ(refused.error().subject, "0.0.0.0/0 dev wgnstest0");
}

TEST(addressing, a_link_gets_the_addresses_that_are_wanted_and_no_other) {
    WGNS_SKIP_UNLESS_ROOT();
    TunInside inside;
    ASSERT_TRUE(prepare_tun(*inside.netlink, inside.link, 1420));
    ASSERT_TRUE(set_link_up(*inside.netlink, inside.link));
    const std::vector<std::vector<const char*>> rows{
        /* 1 */ {"10.77.0.2/24", "10.78.0.2/32", "fd77::2/64"},
        /* 2: the same */ {"10.77.0.2/24", "10.78.0.2/32", "fd77::2/64"},
        /* 3: two of one prefix */ {"10.77.0.2/24", "10.77.0.3/24", "fd77::2/64", "fd77::3/64"},
        /* 4: without the first of them */ {"10.77.0.3/24", "fd77::3/64"},
        /* 5: another length */ {"10.77.0.3/32"},
        /* 6 */ {},
    };
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::vector<IpPrefix> wanted;
        for (const char* text : rows[i])
            wanted.push_back(prefix(text));
        const Status set = set_addresses(*inside.netlink, inside.link, wanted);
        EXPECT_TRUE(set) << i + 1 << ": " << describe(set.error());
        auto there = *list_addresses(*inside.netlink, inside.link);
        std::sort(there.begin(), there.end());
        std::sort(wanted.begin(), wanted.end());
        EXPECT_EQ(there, wanted) << i + 1;
    }
}

std::vector<std::string> texts_of(const std::vector<Path>& paths) {
    std::vector<std::string> texts;
    for (const Path& path : paths)
        if (path.table != 255 && !path.destination.to_string().starts_with("f"))
            texts.push_back(path.destination.to_string() + " " + std::to_string(path.table) + " " +
                            std::to_string(path.metric));
    std::sort(texts.begin(), texts.end());
    return texts;
}

TEST(addressing, the_routes_that_are_wanted_and_those_of_others_lead_into_a_link) {
    WGNS_SKIP_UNLESS_ROOT();
    TunInside inside;
    ASSERT_TRUE(prepare_tun(*inside.netlink, inside.link, 1420));
    ASSERT_TRUE(set_link_up(*inside.netlink, inside.link));
    ASSERT_TRUE(add_address(*inside.netlink, inside.link, prefix("10.77.0.2/24")));
    const struct {
        std::vector<Route> wanted;
        std::vector<std::string> there;
    } rows[] = {
        /* 1 */ {{{prefix("0.0.0.0/0"), 254, {}}, {prefix("2001:db8::/32"), 254, {}}},
                 {"0.0.0.0/0 254 0", "10.77.0.0/24 254 0", "2001:db8::/32 254 1024"}},
        /* 2: one that the kernel made */
        {{{prefix("10.77.0.0/24"), 254, {}}}, {"10.77.0.0/24 254 0"}},
        /* 3 */ {{{prefix("192.0.2.0/24"), 254, {}}}, {"10.77.0.0/24 254 0", "192.0.2.0/24 254 0"}},
        /* 4: another metric */
        {{{prefix("192.0.2.0/24"), 254, 7}}, {"10.77.0.0/24 254 0", "192.0.2.0/24 254 7"}},
        /* 5: another table */
        {{{prefix("192.0.2.0/24"), 51820, 7}}, {"10.77.0.0/24 254 0", "192.0.2.0/24 51820 7"}},
        /* 6 */ {{}, {"10.77.0.0/24 254 0"}},
    };
    int number = 0;
    for (const auto& row : rows) {
        ++number;
        const Status set = set_routes(*inside.netlink, inside.link, row.wanted);
        EXPECT_TRUE(set) << number << ": " << describe(set.error());
        EXPECT_EQ(texts_of(*list_paths(*inside.netlink)), row.there) << number;
    }
}

}  // namespace
}  // namespace wgns
