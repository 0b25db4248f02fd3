#include "netns/link.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include "netns/tun_device.h"
#include "tests/netns/test_network.h"

namespace wgns {
namespace {

IpPrefix prefix(const char* text) {
    return IpPrefix::parse(text).value();
}

// A namespace with a TUN, and a Netlink in it.
struct Inside {
    Inside() {
        EXPECT_TRUE(tun) << describe(tun.error());
        EXPECT_TRUE(netlink) << describe(netlink.error());
        link = *find_link(*netlink, "wgnstest0");
    }
    // What a program inside reads.
    [[nodiscard]] std::string file(const std::string& path) const {
        return *ns.run([&] {
            std::ifstream in(path);
            return Result<std::string>(std::string(std::istreambuf_iterator<char>(in), {}));
        });
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

    Namespace ns = *Namespace::create();
    Result<TunQueues> tun = open_tun(ns, "wgnstest0");
    Result<Netlink> netlink = ns.run([] { return Netlink::open(); });
    Link link;
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

TEST(link, addresses_of_both_families_can_be_used_at_once) {
    WGNS_SKIP_UNLESS_ROOT();
    Inside inside;
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

TEST(link, routes_lead_into_the_tunnel) {
    WGNS_SKIP_UNLESS_ROOT();
    Inside inside;
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

TEST(link, a_route_that_the_address_made_already_is_fine) {
    WGNS_SKIP_UNLESS_ROOT();
    Inside inside;
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

TEST(link, a_route_in_a_table_of_its_own_with_a_metric) {
    WGNS_SKIP_UNLESS_ROOT();
    Inside inside;
    ASSERT_TRUE(set_link_up(*inside.netlink, inside.link));
    const Route route{prefix("0.0.0.0/0"), 51820, 7};
    EXPECT_TRUE(add_route(*inside.netlink, inside.link, route));
    const auto mtu = route_mtu(*inside.netlink, *IpAddress::parse("203.0.113.1"));
    ASSERT_FALSE(mtu) << "the main table must not have it";
    EXPECT_EQ(mtu.error().code, ENETUNREACH);
}

TEST(link, every_path_is_listed) {
    WGNS_SKIP_UNLESS_ROOT();
    Inside inside;
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

TEST(link, a_route_over_a_link_that_is_down_is_refused) {
    WGNS_SKIP_UNLESS_ROOT();
    Inside inside;
    const Status refused = add_route(*inside.netlink, inside.link, {prefix("0.0.0.0/0"), 254, {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENETDOWN);
    EXPECT_EQ(refused.error().subject, "0.0.0.0/0 dev wgnstest0");
}

}  // namespace
}  // namespace wgns
