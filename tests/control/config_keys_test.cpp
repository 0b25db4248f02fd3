#include "control/config_keys.h"

#include <gtest/gtest.h>

#include <set>
#include <span>
#include <string>

namespace wgns {
namespace {

constexpr const char* key_text = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
constexpr ConfigSection in_interface = ConfigSection::interface;
constexpr ConfigSection in_peer = ConfigSection::peer;

Config with_peer() {
    Config config;
    config.peers.emplace_back();
    return config;
}

// Every key takes some value, and every good value here is taken.
TEST(ConfigKeys, good_values) {
    struct Case {
        ConfigSection section;
        const char* key;
        const char* value;
    };
    const Case cases[] = {
        /* 0 */ {in_interface, "PrivateKey", key_text},
        /* 1 */ {in_interface, "PrivateKeyFile", "credential:wg-key"},
        /* 2 */ {in_interface, "PrivateKeyFile", "/etc/key"},
        /* 3 */ {in_interface, "GeneratePrivateKeyFile", "yes"},
        /* 4 */ {in_interface, "Address", "10.0.0.2/24,, fd00::2"},
        /* 5 */ {in_interface, "Address", ""},
        /* 6 */ {in_interface, "DNS", "10.0.0.1, fd00::1 example.org"},
        /* 7 */ {in_interface, "MTU", "576"},
        /* 8 */ {in_interface, "MTU", "65535"},
        /* 9 */ {in_interface, "ListenPort", "0"},
        /* 10 */ {in_interface, "FwMark", "0xffffffff"},
        /* 11 */ {in_interface, "FwMark", "off"},
        /* 12 */ {in_interface, "Table", "Auto"},
        /* 13 */ {in_interface, "Table", "off"},
        /* 14 */ {in_interface, "Table", "1234"},
        /* 15 */ {in_interface, "Metric", "4294967295"},
        /* 16 */ {in_interface, "PreUp", "true"},
        /* 17 */ {in_interface, "PostUp", "a; b && c"},
        /* 18 */ {in_interface, "PreDown", ""},
        /* 19 */ {in_interface, "PostDown", "true"},
        /* 20 */ {in_interface, "PreUpHost", "true"},
        /* 21 */ {in_interface, "PostUpHost", "true"},
        /* 22 */ {in_interface, "PreDownHost", "true"},
        /* 23 */ {in_interface, "PostDownHost", "true"},
        /* 24 */ {in_interface, "SaveConfig", "false"},
        /* 25 */ {in_interface, "Namespace", "vpn.1"},
        /* 26 */ {in_interface, "InterfaceName", "exactly15bytes_"},
        /* 27 */ {in_interface, "SocketNamespace", "outside"},
        /* 28 */ {in_interface, "AllowedIPsAsRoutes", "off"},
        /* 29 */ {in_interface, "EndpointRefreshSeconds", "0"},
        /* 30 */ {in_interface, "DNSEnforce", "strict"},
        /* 31 */ {in_interface, "Firewall", "none"},
        /* 32 */ {in_interface, "ExtraFirewallRules", "add rule inet my_table my_input accept"},
        /* 33 */ {in_interface, "ExtraFirewallRulesFile", "rules.nft"},
        /* 34 */ {in_interface, "AllowFromTunnel", "tcp/8080, udp/5000-5010"},
        /* 35 */ {in_interface, "Publish", "127.0.0.1:8080 -> 8080, [::1]:81 -> 80"},
        {in_interface, "MetricsListen", "127.0.0.1:9586"},
        {in_interface, "MetricsListen", "[::1]:9586"},
        /* 36 */ {in_peer, "PublicKey", key_text},
        /* 37 */ {in_peer, "PresharedKey", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
        /* 38 */ {in_peer, "PresharedKeyFile", "psk"},
        /* 39 */ {in_peer, "AllowedIPs", "0.0.0.0/0, ::/0, +10.1.2.3"},
        /* 40 */ {in_peer, "AllowedIPs", ""},
        /* 41 */ {in_peer, "Endpoint", "[2001:db8::1]:51820"},
        /* 42 */ {in_peer, "PersistentKeepalive", "off"},
        /* 43 */ {in_peer, "PersistentKeepalive", "65535"},
        /* 44 */ {in_peer, "Name", "the office"},
        /* 45 */ {in_peer, "EndpointRefreshSeconds", "30"},
        /* 46 */ {in_peer, "EndpointRefreshRestartSeconds", "5"},
    };
    std::set<const ConfigKey*> tried;
    for (const Case& each : cases) {
        Config config = with_peer();
        const ConfigKey* const key = find_config_key(each.section, each.key);
        ASSERT_NE(key, nullptr) << each.key;
        ASSERT_TRUE(key->is_list || each.value[0] != '\0') << each.key;
        const auto flaw = key->parse(config, each.value);
        EXPECT_FALSE(flaw) << each.key << " " << each.value << " " << flaw->what;
        tried.insert(key);
    }
    EXPECT_EQ(tried.size(), config_keys().size());
}

struct BadValue {
    const char* key;
    const char* value;
    const char* what;
};

void expect_refused(ConfigSection section, std::span<const BadValue> cases) {
    for (const BadValue& each : cases) {
        Config config = with_peer();
        const ConfigKey* const key = find_config_key(section, each.key);
        ASSERT_NE(key, nullptr) << each.key;
        const auto flaw = key->parse(config, each.value);
        ASSERT_TRUE(flaw) << each.key << " " << each.value;
        EXPECT_EQ(flaw->what, each.what);
    }
}

TEST(ConfigKeys, bad_values_of_interface) {
    std::string many;
    for (std::size_t i = 0; i <= published_ports_max; ++i)
        many += "127.0.0.1:" + std::to_string(8000 + i) + " -> 80,";
    const BadValue cases[] = {
        /* 0 */ {"PrivateKey", "short", "is not a key"},
        /* 1 */
        {"PrivateKey", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "is all zeros"},
        /* 2 */ {"PrivateKeyFile", "credential:", "'' is not a credential's name"},
        /* 3 */
        {"PrivateKeyFile", "credential:../x", "'../x' is not a credential's name"},
        /* 4 */
        {"GeneratePrivateKeyFile", "maybe",
         "'maybe' is none of yes, no, true, false, on, off, 1, 0"},
        /* 5 */
        {"Address", "10.0.0.2/33", "'10.0.0.2/33' is not an address with a prefix length"},
        /* 6 */
        {"Address", "fd00::1/129", "'fd00::1/129' is not an address with a prefix length"},
        /* 7 */
        {"DNS", "10.0.0.300", "'10.0.0.300' is neither an address nor a search domain"},
        /* 8 */ {"DNS", "a/b", "'a/b' is neither an address nor a search domain"},
        {"DNS", "::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9 ::a ::b ::c ::d ::e ::f ::10 ::11",
         "names more than 16 servers"},
        /* 9 */ {"MTU", "575", "'575' is not a number from 576 to 65535"},
        /* 10 */ {"MTU", "65536", "'65536' is not a number from 576 to 65535"},
        /* 11 */ {"ListenPort", "65536", "'65536' is not a number from 0 to 65535"},
        /* 12 */ {"FwMark", "0x100000000", "'0x100000000' is not a mark"},
        /* 13 */ {"Table", "main", "'main' is no routing table"},
        /* 14 */ {"Table", "0", "'0' is no routing table"},
        /* 15 */ {"Metric", "-1", "'-1' is not a number from 0 to 4294967295"},
        /* 16 */ {"Namespace", "a/b", "'a/b' is not a name"},
        /* 17 */ {"Namespace", "..", "'..' is not a name"},
        /* 18 */
        {"InterfaceName", "sixteen-bytes-xx", "'sixteen-bytes-xx' is not an interface's name"},
        /* 19 */ {"InterfaceName", "tun%d", "'tun%d' is not an interface's name"},
        /* 20 */ {"SocketNamespace", "-x", "'-x' is not a name"},
        /* 21 */ {"DNSEnforce", "yes", "'yes' is none of off, redirect, strict"},
        /* 22 */ {"Firewall", "off", "'off' is none of default, none"},
        /* 23 */
        {"AllowFromTunnel", "8080", "'8080' is not a protocol with its ports"},
        /* 24 */ {"Publish", "8080", "'8080' does not publish a port"},
        /* 25 */
        {"Publish", "[::1]:80 -> 8080, [::1]:80 -> 81", "[::1]:80 is published already"},
        /* 26 */ {"Publish", many.c_str(), "more than 16 ports"},
        /* 27 */ {"MetricsListen", "9586", "'9586' is no port of a loopback address"},
        /* 28 */
        {"MetricsListen", "0.0.0.0:9586", "'0.0.0.0:9586' is no port of a loopback address"},
        /* 29 */
        {"MetricsListen", "127.0.0.1:0", "'127.0.0.1:0' is no port of a loopback address"},
        /* 30 */
        {"MetricsListen", "localhost:9586", "'localhost:9586' is no port of a loopback address"},
    };
    expect_refused(in_interface, cases);
}

TEST(ConfigKeys, bad_values_of_peer) {
    const BadValue cases[] = {
        /* 0 */
        {"PublicKey", "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg", "is not a key"},
        /* 1 */ {"PresharedKey", "0x", "is not a key"},
        /* 2 */ {"AllowedIPs", "-10.0.0.0/8", "'-10.0.0.0/8' takes a prefix away"},
        /* 3 */
        {"AllowedIPs", "10.0.0.0/", "'10.0.0.0/' is not an address with a prefix length"},
        /* 4 */ {"Endpoint", "vpn.example.org", "'vpn.example.org' has no port"},
        /* 5 */ {"Endpoint", "[::1]", "'[::1]' has no port"},
        /* 6 */
        {"Endpoint", "2001:db8::1:51820",
         "'2001:db8::1:51820' has an IPv6 address without brackets"},
        /* 7 */ {"Endpoint", "a:b", "'a:b' has a port that is not from 1 to 65535"},
        /* 8 */
        {"Endpoint", "1.2.3:4", "'1.2.3:4' has neither a name nor an address before the port"},
        /* 9 */
        {"PersistentKeepalive", "65536", "'65536' is not a number from 0 to 65535"},
        /* 10 */
        {"EndpointRefreshSeconds", "1m", "'1m' is not a number from 0 to 4294967295"},
    };
    expect_refused(in_peer, cases);
}

TEST(ConfigKeys, a_long_value_is_cut_in_the_message) {
    Config config = with_peer();
    const auto flaw = find_config_key(in_interface, "MTU")->parse(config, std::string(5000, '9'));
    ASSERT_TRUE(flaw);
    EXPECT_LT(flaw->what.size(), 150u);
}

TEST(ConfigKeys, names_compare_without_case) {
    ASSERT_NE(find_config_key(in_peer, "allowedips"), nullptr);
    EXPECT_EQ(find_config_key(in_peer, "allowedips")->name, "AllowedIPs");
    EXPECT_EQ(find_config_key(in_interface, "AllowedIPs"), nullptr);
}

TEST(ConfigKeys, unknown) {
    struct Case {
        ConfigSection section;
        std::string key, what, hint;
    };
    const std::string amnezia =
        "is a key of AmneziaWG, which changes WireGuard's packets; not supported";
    const std::string plain = "ask your provider for a plain WireGuard configuration";
    const Case cases[] = {
        /* 0 */ {in_interface, "PrivatKey", "unknown key", "did you mean PrivateKey?"},
        /* 1 */ {in_interface, "adress", "unknown key", "did you mean Address?"},
        /* 2 */ {in_interface, "Mtuu", "unknown key", "did you mean MTU?"},
        /* 3 */ {in_peer, "AllowedIP", "unknown key", "did you mean AllowedIPs?"},
        /* 4 */ {in_peer, "PreSharedKeys", "unknown key", "did you mean PresharedKey?"},
        /* 5 */ {in_interface, "AllowedIPs", "does not belong in [Interface]", "move it to [Peer]"},
        /* 6 */ {in_peer, "mtu", "does not belong in [Peer]", "move it to [Interface]"},
        /* 7 */ {in_interface, "Jc", amnezia, plain},
        /* 8 */ {in_interface, "jmin", amnezia, plain},
        /* 9 */ {in_interface, "Jmax", amnezia, plain},
        /* 10 */ {in_interface, "S4", amnezia, plain},
        /* 11 */ {in_interface, "H1", amnezia, plain},
        /* 12 */ {in_interface, "I5", amnezia, plain},
        /* 13 */ {in_interface, "", "has no key before its '='", "write KEY = VALUE"},
        /* 14 */ {in_interface, key_text, "unknown key", "write KEY = VALUE"},
    };
    for (const Case& each : cases) {
        const ConfigFlaw flaw = unknown_config_key(each.section, each.key);
        EXPECT_EQ(flaw.what, each.what) << each.key;
        EXPECT_EQ(flaw.hint, each.hint) << each.key;
    }
}

}  // namespace
}  // namespace wgns
