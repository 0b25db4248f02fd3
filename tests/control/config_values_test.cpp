#include "control/config_values.h"

#include <gtest/gtest.h>

#include <string>

namespace wgns {
namespace {

TEST(ConfigValues, trimmed) {
    EXPECT_EQ(trimmed(" \t a b \r"), "a b");
    EXPECT_EQ(trimmed(" \t "), "");
    EXPECT_EQ(trimmed(""), "");
}

TEST(ConfigValues, equal_without_case) {
    EXPECT_TRUE(equal_without_case("MTU", "mtu"));
    EXPECT_FALSE(equal_without_case("MTU", "MTUs"));
    EXPECT_FALSE(equal_without_case("[", "{"));
}

TEST(ConfigValues, edit_distance) {
    EXPECT_EQ(edit_distance("", ""), 0u);
    EXPECT_EQ(edit_distance("", "abc"), 3u);
    EXPECT_EQ(edit_distance("abc", ""), 3u);
    EXPECT_EQ(edit_distance("kitten", "SITTING"), 3u);
    EXPECT_EQ(edit_distance("Adress", "Address"), 1u);
}

TEST(ConfigValues, numbers) {
    EXPECT_EQ(parse_number("0"), 0u);
    EXPECT_EQ(parse_number("4294967295"), 4294967295u);
    for (const char* text : {"", "-1", "+1", " 1", "1 ", "0x1", "4294967296", "1.5"})
        EXPECT_FALSE(parse_number(text)) << text;
    EXPECT_EQ(parse_number_or_hex("51820"), 51820u);
    EXPECT_EQ(parse_number_or_hex("0xCA6c"), 51820u);
    EXPECT_EQ(parse_number_or_hex("0Xffffffff"), 0xffffffffu);
    for (const char* text : {"", "0x", "0x-1", "0x100000000", "ca6c"})
        EXPECT_FALSE(parse_number_or_hex(text)) << text;
    EXPECT_EQ(parse_port("65535"), 65535);
    for (const char* text : {"", "0", "65536", "http"})
        EXPECT_FALSE(parse_port(text)) << text;
}

TEST(ConfigValues, host_port) {
    struct Case {
        std::string text, host;  // an empty host: refused
    };
    const Case cases[] = {
        /* 0 */ {"vpn.example.org:51820", "vpn.example.org"},
        /* 1 */ {"1.2.3.4:51820", "1.2.3.4"},
        /* 2 */ {"[2001:db8::1]:51820", "2001:db8::1"},
        /* 3 */ {"[fe80::1%eth0]:51820", "fe80::1%eth0"},
        /* 4 */ {"my_host-2:51820", "my_host-2"},
        /* 5 */ {"vpn.example.org", ""},
        /* 6 */ {"vpn.example.org:", ""},
        /* 7 */ {"vpn.example.org:0", ""},
        /* 8 */ {"vpn.example.org:65536", ""},
        /* 9 */ {":51820", ""},
        /* 10 */ {"1.2.3.400:51820", ""},
        /* 11 */ {"1.2.3:51820", ""},
        /* 12 */ {"2001:db8::1:51820", ""},
        /* 13 */ {"[2001:db8::1]", ""},
        /* 14 */ {"[1.2.3.4]:51820", ""},
        /* 15 */ {"[vpn.example.org]:51820", ""},
        /* 16 */ {"[fe80::1%]:51820", ""},
        /* 17 */ {"[]:51820", ""},
        /* 18 */ {"-x:51820", ""},
        /* 19 */ {"a b:51820", ""},
        /* 20 */ {std::string(253, 'a') + ":51820", std::string(253, 'a')},
        /* 21 */ {std::string(254, 'a') + ":51820", ""},
    };
    for (const Case& each : cases) {
        const auto parsed = parse_host_port(each.text);
        ASSERT_EQ(parsed.has_value(), !each.host.empty()) << each.text;
        if (!parsed) continue;
        EXPECT_EQ(parsed->host, each.host);
        EXPECT_EQ(parsed->port, 51820);
        EXPECT_EQ(parsed->to_string(), each.text);
    }
}

TEST(ConfigValues, port_range) {
    using enum TransportProtocol;
    EXPECT_EQ(parse_port_range("tcp/8080"), (PortRange{tcp, 8080, 8080}));
    EXPECT_EQ(parse_port_range("UDP/5000-5010"), (PortRange{udp, 5000, 5010}));
    for (const char* text : {"", "8080", "tcp/", "tcp/0", "tcp/5-4", "tcp/5-", "sctp/5", "tcp/a"})
        EXPECT_FALSE(parse_port_range(text)) << text;
}

TEST(ConfigValues, loopback) {
    for (const char* text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"})
        EXPECT_TRUE(is_loopback(*IpAddress::parse(text))) << text;
    for (const char* text :
         {"0.0.0.0", "128.0.0.1", "10.0.0.127", "::", "::2", "100::1", "fe80::1"})
        EXPECT_FALSE(is_loopback(*IpAddress::parse(text))) << text;
}

TEST(ConfigValues, published_port) {
    const auto port = parse_published_port("127.0.0.1:8080->80");
    ASSERT_TRUE(port);
    EXPECT_EQ(port->host.to_string(), "127.0.0.1:8080");
    EXPECT_EQ(port->inside, 80);
    EXPECT_TRUE(parse_published_port("[::1]:8080 -> 80"));
    for (const char* text : {"", "->", "127.0.0.1:8080", "127.0.0.1:0 -> 80", "127.0.0.1:1 -> 0",
                             "localhost:8080 -> 80", "8080 -> 80"})
        EXPECT_FALSE(parse_published_port(text)) << text;
}

}  // namespace
}  // namespace wgns
