#include "base/ip_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

namespace wgns {
namespace {

constexpr const char* refused = "refused";

template <class T>
std::string reprint(std::string_view text) {
    const auto parsed = T::parse(text);
    return parsed ? parsed->to_string() : refused;
}

IpAddress address(std::string_view text) {
    const auto parsed = IpAddress::parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(IpAddress());
}

IpPrefix prefix(std::string_view text) {
    const auto parsed = IpPrefix::parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(IpPrefix());
}

TEST(IpAddress, ParsesAndPrints) {
    const struct {
        const char* text;
        const char* printed;
    } table[] = {
        /* 1 */ {"1.2.3.4", "1.2.3.4"},
        /* 2 */ {"0.0.0.0", "0.0.0.0"},
        /* 3 */ {"255.255.255.255", "255.255.255.255"},
        /* 4 */ {"::", "::"},
        /* 5 */ {"::1", "::1"},
        /* 6 */ {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        /* 7 */ {"2001:0db8::0001", "2001:db8::1"},
        /* 8 */ {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        /* 9 */ {"::ffff:1.2.3.4", "1.2.3.4"},
        /* 10 */ {"::ffff:102:304", "1.2.3.4"},
        /* 11 */ {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
        /* 12 */ {"", refused},
        /* 13 */ {"1.2.3", refused},
        /* 14 */ {"1.2.3.4.5", refused},
        /* 15 */ {"1.2.3.256", refused},
        /* 16 */ {"01.2.3.4", refused},
        /* 17 */ {"1.2.3.04", refused},
        /* 18 */ {" 1.2.3.4", refused},
        /* 19 */ {"1.2.3.4 ", refused},
        /* 20 */ {"0x1.2.3.4", refused},
        /* 21 */ {"16909060", refused},
        /* 22 */ {"1:2:3", refused},
        /* 23 */ {":::", refused},
        /* 24 */ {"1::2::3", refused},
        /* 25 */ {"::12345", refused},
        /* 26 */ {"::g", refused},
        /* 27 */ {"[::1]", refused},
        /* 28 */ {"fe80::1%1", refused},
        /* 29 */ {"1.2.3.4/32", refused},
        /* 30 */ {"1.2.3.4:5", refused},
        /* 31 */ {"localhost", refused},
        /* 32 */ {"١.2.3.4", refused},
    };
    for (const auto& row : table)
        EXPECT_EQ(reprint<IpAddress>(row.text), row.printed) << row.text;
    EXPECT_EQ(reprint<IpAddress>(std::string_view("1.2.3.4\0x", 9)), refused);
    EXPECT_EQ(reprint<IpAddress>(std::string_view("1.2.3.45").substr(0, 7)), "1.2.3.4");
    EXPECT_EQ(reprint<IpAddress>(std::string(100'000, ':')), refused);
}

TEST(IpAddress, KnowsItsFamily) {
    const struct {
        const char* text;
        bool is_v4;
        bool is_link_local_v6;
    } table[] = {
        /* 1 */ {"1.2.3.4", true, false},
        /* 2 */ {"169.254.0.1", true, false},
        /* 3 */ {"::ffff:0.0.0.0", true, false},
        /* 4 */ {"::1.2.3.4", false, false},
        /* 5 */ {"::", false, false},
        /* 6 */ {"::fffe:1.2.3.4", false, false},
        /* 7 */ {"fe80::1", false, true},
        /* 8 */ {"febf::1", false, true},
        /* 9 */ {"fec0::1", false, false},
        /* 10 */ {"fe7f::1", false, false},
    };
    for (const auto& row : table) {
        const IpAddress parsed = address(row.text);
        EXPECT_EQ(parsed.is_v4(), row.is_v4) << row.text;
        EXPECT_EQ(parsed.bits(), row.is_v4 ? 32u : 128u) << row.text;
        EXPECT_EQ(parsed.bytes().size(), row.is_v4 ? 4u : 16u) << row.text;
        EXPECT_EQ(parsed.is_link_local_v6(), row.is_link_local_v6) << row.text;
    }
}

TEST(IpAddress, FromNetworkOrder) {
    const std::array<std::uint8_t, 4> four{10, 0, 0, 1};
    EXPECT_EQ(IpAddress::v4(four), address("10.0.0.1"));
    EXPECT_EQ(IpAddress::v4(four).bytes()[0], 10);
    std::array<std::uint8_t, 16> sixteen{0x20, 0x01, 0x0d, 0xb8};
    sixteen[15] = 1;
    EXPECT_EQ(IpAddress::v6(sixteen), address("2001:db8::1"));
    EXPECT_EQ(IpAddress::v6(sixteen).mapped(), sixteen);
    EXPECT_EQ(IpAddress(), address("::"));
}

TEST(IpAddress, IsOrdered) {
    EXPECT_LT(address("10.0.0.1"), address("10.0.0.2"));
    EXPECT_LT(address("9.255.255.255"), address("10.0.0.0"));
    EXPECT_LT(address("255.255.255.255"), address("2001:db8::"));
}

TEST(IpPrefix, ParsesAndPrints) {
    const struct {
        const char* text;
        const char* printed;
    } table[] = {
        /* 1 */ {"10.0.0.2/24", "10.0.0.2/24"},
        /* 2 */ {"10.0.0.2", "10.0.0.2/32"},
        /* 3 */ {"0.0.0.0/0", "0.0.0.0/0"},
        /* 4 */ {"::/0", "::/0"},
        /* 5 */ {"fd00::1", "fd00::1/128"},
        /* 6 */ {"fd00::1/128", "fd00::1/128"},
        /* 7 */ {"10.0.0.2/33", refused},
        /* 8 */ {"fd00::1/129", refused},
        /* 9 */ {"10.0.0.2/", refused},
        /* 10 */ {"10.0.0.2/-1", refused},
        /* 11 */ {"10.0.0.2/+1", refused},
        /* 12 */ {"10.0.0.2/08", refused},
        /* 13 */ {"10.0.0.2/00", refused},
        /* 14 */ {"10.0.0.2/24/24", refused},
        /* 15 */ {"10.0.0.2/ 24", refused},
        /* 16 */ {"10.0.0.2/24 ", refused},
        /* 17 */ {"10.0.0.2/255.255.255.0", refused},
        /* 18 */ {"10.0.0.2/99999999999999999999", refused},
        /* 19 */ {"10.0.0/24", refused},
        /* 20 */ {"/24", refused},
        /* 21 */ {"", refused},
        /* 22 */ {"10.0.0.2/0x8", refused},
    };
    for (const auto& row : table)
        EXPECT_EQ(reprint<IpPrefix>(row.text), row.printed) << row.text;
}

TEST(IpPrefix, Masked) {
    const struct {
        const char* text;
        const char* masked;
    } table[] = {
        /* 1 */ {"10.1.2.3/24", "10.1.2.0/24"},
        /* 2 */ {"10.1.2.255/25", "10.1.2.128/25"},
        /* 3 */ {"10.1.2.3/32", "10.1.2.3/32"},
        /* 4 */ {"255.255.255.255/1", "128.0.0.0/1"},
        /* 5 */ {"255.255.255.255/0", "0.0.0.0/0"},
        /* 6 */ {"2001:db8:ffff::1/33", "2001:db8:8000::/33"},
        /* 7 */ {"ffff::1/0", "::/0"},
        /* 8 */ {"::3/127", "::2/127"},
        /* 9 */ {"::3/128", "::3/128"},
    };
    for (const auto& row : table)
        EXPECT_EQ(prefix(row.text).masked().to_string(), row.masked) << row.text;
}

TEST(IpPrefix, Contains) {
    const struct {
        const char* prefix;
        const char* address;
        bool contains;
    } table[] = {
        /* 1 */ {"10.0.0.0/8", "10.255.255.255", true},
        /* 2 */ {"10.0.0.0/8", "11.0.0.0", false},
        /* 3 */ {"10.0.0.2/24", "10.0.0.200", true},
        /* 4 */ {"10.0.0.2/32", "10.0.0.2", true},
        /* 5 */ {"10.0.0.2/32", "10.0.0.3", false},
        /* 6 */ {"0.0.0.0/0", "255.255.255.255", true},
        /* 7 */ {"0.0.0.0/0", "::1", false},
        /* 8 */ {"::/0", "::1", true},
        /* 9 */ {"::/0", "1.2.3.4", false},
        /* 10 */ {"fd00::/8", "fdff::1", true},
        /* 11 */ {"fd00::/8", "fe00::1", false},
        /* 12 */ {"10.0.0.128/25", "10.0.0.127", false},
    };
    for (const auto& row : table)
        EXPECT_EQ(prefix(row.prefix).contains(address(row.address)), row.contains)
            << row.prefix << " " << row.address;
}

TEST(Endpoint, ParsesAndPrints) {
    const struct {
        const char* text;
        const char* printed;
    } table[] = {
        /* 1 */ {"1.2.3.4:51820", "1.2.3.4:51820"},
        /* 2 */ {"1.2.3.4:1", "1.2.3.4:1"},
        /* 3 */ {"1.2.3.4:65535", "1.2.3.4:65535"},
        /* 4 */ {"[::1]:5", "[::1]:5"},
        /* 5 */ {"[2001:db8::1]:51820", "[2001:db8::1]:51820"},
        /* 6 */ {"[fe80::1%2]:51820", "[fe80::1%2]:51820"},
        /* 7 */ {"[::ffff:1.2.3.4]:5", "1.2.3.4:5"},
        /* 8 */ {"1.2.3.4:65536", refused},
        /* 9 */ {"1.2.3.4:4294967297", refused},
        /* 10 */ {"1.2.3.4:051820", refused},
        /* 11 */ {"1.2.3.4:00", refused},
        /* 12 */ {"1.2.3.4:-1", refused},
        /* 13 */ {"1.2.3.4:+1", refused},
        /* 14 */ {"1.2.3.4: 1", refused},
        /* 15 */ {"1.2.3.4:1 ", refused},
        /* 16 */ {"1.2.3.4:0x10", refused},
        /* 17 */ {"1.2.3.4:", refused},
        /* 18 */ {"1.2.3.4", refused},
        /* 19 */ {"01.2.3.4:5", refused},
        /* 20 */ {"1:2:3", refused},
        /* 21 */ {"::1:5", refused},
        /* 22 */ {"::1", refused},
        /* 23 */ {"[::1]", refused},
        /* 24 */ {"[::1]5", refused},
        /* 25 */ {"[::1:5", refused},
        /* 26 */ {"::1]:5", refused},
        /* 27 */ {"[[::1]]:5", refused},
        /* 28 */ {"[1.2.3.4]:5", refused},
        /* 29 */ {"[]:5", refused},
        /* 30 */ {"[:5", refused},
        /* 31 */ {":5", refused},
        /* 32 */ {":", refused},
        /* 33 */ {"", refused},
        /* 34 */ {"[fe80::1%]:5", refused},
        /* 35 */ {"[fe80::1%no such one]:5", refused},
        /* 36 */ {"[fe80::1%99999999999]:5", refused},
        /* 37 */ {"[%2]:5", refused},
        /* 38 */ {"example.com:51820", refused},
    };
    for (const auto& row : table)
        EXPECT_EQ(reprint<Endpoint>(row.text), row.printed) << row.text;
}

TEST(Endpoint, AZoneMayBeAName) {
    const unsigned loopback = ::if_nametoindex("lo");
    if (loopback == 0) GTEST_SKIP() << "There is no interface lo here.";
    const auto parsed = Endpoint::parse("[fe80::1%lo]:5");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->scope_id, loopback);
}

TEST(Endpoint, IsSetByItsPort) {
    Endpoint endpoint;
    EXPECT_FALSE(endpoint.is_set());
    endpoint.port = 1;
    EXPECT_TRUE(endpoint.is_set());
}

TEST(Endpoint, SameRemoteIgnoresTheLocalSide) {
    const Endpoint first{address("fe80::1"), 5, 2, address("fe80::9"), 2};
    Endpoint second = first;
    second.forget_local();
    EXPECT_EQ(second.local, IpAddress());
    EXPECT_EQ(second.local_interface, 0u);
    EXPECT_TRUE(first.same_remote(second));
    EXPECT_NE(first, second);
    Endpoint changed = first;
    changed.port = 6;
    EXPECT_FALSE(first.same_remote(changed));
    changed = first;
    changed.scope_id = 3;
    EXPECT_FALSE(first.same_remote(changed));
    changed = first;
    changed.address = address("fe80::2");
    EXPECT_FALSE(first.same_remote(changed));
}

TEST(Sockaddr, RoundTrip) {
    const struct {
        const char* text;
        int family;
        unsigned size;
    } table[] = {
        /* 1 */ {"1.2.3.4:51820", AF_INET, sizeof(sockaddr_in)},
        /* 2 */ {"[2001:db8::1]:51820", AF_INET6, sizeof(sockaddr_in6)},
        /* 3 */ {"[fe80::1%7]:1", AF_INET6, sizeof(sockaddr_in6)},
        /* 4 */ {"[::]:65535", AF_INET6, sizeof(sockaddr_in6)},
    };
    for (const auto& row : table) {
        SCOPED_TRACE(row.text);
        const auto endpoint = Endpoint::parse(row.text);
        ASSERT_TRUE(endpoint);
        sockaddr_storage raw{};
        EXPECT_EQ(to_sockaddr(*endpoint, raw), row.size);
        EXPECT_EQ(raw.ss_family, row.family);
        EXPECT_EQ(from_sockaddr(raw), *endpoint);
    }
}

TEST(Sockaddr, IsInNetworkOrder) {
    sockaddr_storage raw{};
    Endpoint endpoint;
    endpoint.address = address("1.2.3.4");
    endpoint.port = 51820;
    static_cast<void>(to_sockaddr(endpoint, raw));
    sockaddr_in v4{};
    std::memcpy(&v4, &raw, sizeof v4);
    EXPECT_EQ(v4.sin_port, htons(51820));
    EXPECT_EQ(v4.sin_addr.s_addr, htonl(0x01020304));
}

TEST(Sockaddr, AMappedAddressIsIpv4) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(5);
    ASSERT_EQ(::inet_pton(AF_INET6, "::ffff:1.2.3.4", &v6.sin6_addr), 1);
    sockaddr_storage raw{};
    std::memcpy(&raw, &v6, sizeof v6);
    EXPECT_EQ(from_sockaddr(raw).to_string(), "1.2.3.4:5");
}

TEST(Sockaddr, AnUnknownFamilyIsNoEndpoint) {
    sockaddr_storage raw{};
    raw.ss_family = AF_UNIX;
    EXPECT_FALSE(from_sockaddr(raw).is_set());
}

}  // namespace
}  // namespace wgns
