#include "control/config.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <type_traits>

#include "crypto/x25519.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

namespace fs = std::filesystem;

static_assert(!std::is_copy_constructible_v<Config> && std::is_move_constructible_v<Config>);

const std::string private_key = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
const std::string key_a = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
const std::string key_b = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=";
const std::string start = "[Interface]\nPrivateKey = " + private_key + "\n";  // two lines

Config parsed(const std::string& text, const std::string& file = "wg0.conf") {
    auto config = parse_config(text, file);
    if (config) return std::move(*config);
    ADD_FAILURE() << describe(config.error());
    return {};
}

std::string message(const std::string& text, const std::string& file = "wg0.conf") {
    const auto config = parse_config(text, file);
    return config ? "no error" : describe(config.error());
}

TEST(Config, a_provider_file) {
    const Config config = parsed(R"(# From the provider
[Interface]
PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=
Address = 10.64.0.2/32,fc00:bbbb::2/128
DNS = 10.64.0.1, corp.example.org
MTU = 1380
PostUp =
[Peer]
PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
PresharedKey = /UwcSPg38hW/D9Y3tcS1FOV0K1wuURMbS0sesJEP5ak=
AllowedIPs = 0.0.0.0/0
AllowedIPs = ::0/0   # all of it
Endpoint = vpn.example.org:51820
PersistentKeepalive = 25
)");
    EXPECT_EQ(key_to_base64(config.private_key.bytes()), private_key);
    ASSERT_EQ(config.addresses.size(), 2u);
    EXPECT_EQ(config.addresses[0].to_string(), "10.64.0.2/32");
    EXPECT_EQ(config.addresses[1].to_string(), "fc00:bbbb::2/128");
    ASSERT_EQ(config.dns_servers.size(), 1u);
    EXPECT_EQ(config.dns_servers[0].to_string(), "10.64.0.1");
    EXPECT_EQ(config.search_domains, std::vector<std::string>{"corp.example.org"});
    EXPECT_EQ(config.mtu, 1380u);
    EXPECT_TRUE(config.hooks.empty());
    EXPECT_TRUE(config.warnings.empty());
    ASSERT_EQ(config.peers.size(), 1u);
    const PeerConfig& peer = config.peers[0];
    EXPECT_EQ(key_to_base64(peer.public_key.bytes), key_a);
    EXPECT_EQ(key_to_base64(peer.preshared_key.bytes()),
              "/UwcSPg38hW/D9Y3tcS1FOV0K1wuURMbS0sesJEP5ak=");
    ASSERT_EQ(peer.allowed_ips.size(), 2u);
    EXPECT_EQ(peer.allowed_ips[1].to_string(), "::/0");
    EXPECT_EQ(peer.endpoint, (HostPort{"vpn.example.org", 51820}));
    EXPECT_EQ(peer.persistent_keepalive_seconds, 25);
}

TEST(Config, every_own_key) {
    const Config config = parsed(start + R"(
ListenPort = 51820
FwMark = 0xca6c
Table = 0x4d2
Metric = 50
Namespace = office
InterfaceName = wg-office
SocketNamespace = outside
AllowedIPsAsRoutes = no
EndpointRefreshSeconds = 60
DNS = 10.0.0.53
DNSEnforce = redirect
Firewall = default
ExtraFirewallRules = add rule inet my_table my_input tcp dport { 22, 80 } accept
ExtraFirewallRules = add rule inet my_table my_output counter
ExtraFirewallRulesFile = extra.nft
AllowFromTunnel = tcp/8080, udp/5000-5010
Publish = 127.0.0.1:8080 -> 80
MetricsListen = 127.0.0.1:9586
[Peer]
PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
Name = the office
EndpointRefreshSeconds = 30
EndpointRefreshRestartSeconds = 5
)");
    EXPECT_EQ(config.listen_port, 51820);
    EXPECT_EQ(config.fwmark, 51820u);
    EXPECT_EQ(config.table, (RouteTable{RouteTable::Kind::number, 1234}));
    EXPECT_EQ(config.metric, 50u);
    EXPECT_EQ(config.namespace_name, "office");
    EXPECT_EQ(config.interface_name, "wg-office");
    EXPECT_EQ(config.socket_namespace, "outside");
    EXPECT_FALSE(config.allowed_ips_as_routes);
    EXPECT_EQ(config.endpoint_refresh_seconds, 60u);
    EXPECT_EQ(config.dns_enforcement, DnsEnforcement::redirect);
    EXPECT_EQ(config.firewall, FirewallKind::standard);
    ASSERT_EQ(config.extra_firewall_rules.size(), 2u);
    EXPECT_EQ(config.extra_firewall_rules[0],
              "add rule inet my_table my_input tcp dport { 22, 80 } accept");
    EXPECT_EQ(config.extra_firewall_rules_file, "extra.nft");
    ASSERT_EQ(config.allow_from_tunnel.size(), 2u);
    EXPECT_EQ(config.allow_from_tunnel[1], (PortRange{TransportProtocol::udp, 5000, 5010}));
    ASSERT_EQ(config.published_ports.size(), 1u);
    EXPECT_EQ(config.published_ports[0].inside, 80);
    ASSERT_TRUE(config.metrics_listen);
    EXPECT_EQ(config.metrics_listen->to_string(), "127.0.0.1:9586");
    EXPECT_EQ(config.peers.at(0).name, "the office");
    EXPECT_EQ(config.peers.at(0).endpoint_refresh_seconds, 30u);
    EXPECT_EQ(config.peers.at(0).endpoint_refresh_restart_seconds, 5u);
}

TEST(Config, defaults) {
    const Config config = parsed(start, "/etc/wgns-user/home.conf");
    EXPECT_EQ(config.instance, "home");
    EXPECT_EQ(config.namespace_name, "home");
    EXPECT_EQ(config.interface_name, "home");
    EXPECT_EQ(config.socket_namespace, "");
    EXPECT_FALSE(config.mtu);
    EXPECT_EQ(config.table, RouteTable{});
    EXPECT_TRUE(config.allowed_ips_as_routes);
    EXPECT_EQ(config.dns_enforcement, DnsEnforcement::off);
    EXPECT_EQ(config.firewall, FirewallKind::standard);
    EXPECT_TRUE(config.peers.empty());
}

TEST(Config, interface_name_follows_namespace) {
    const Config config = parsed(start + "Namespace = office\n");
    EXPECT_EQ(config.instance, "wg0");
    EXPECT_EQ(config.interface_name, "office");
}

TEST(Config, hooks_keep_order_and_text) {
    using enum Hook::Moment;
    const Config config = parsed(start +
                                 "PostUp = ip rule add x=y,  z; echo %i\n"
                                 "PreUpHost = two\nPostUp=three\nPreDown=4\nPostDownHost=5\n");
    const std::vector<Hook> expected{{post_up, false, "ip rule add x=y,  z; echo %i"},
                                     {pre_up, true, "two"},
                                     {post_up, false, "three"},
                                     {pre_down, false, "4"},
                                     {post_down, true, "5"}};
    EXPECT_EQ(config.hooks, expected);
}

TEST(Config, address_without_prefix_is_one_address) {
    const Config config = parsed(start + "Address = 10.0.0.2\nAddress = fd00::2\n");
    ASSERT_EQ(config.addresses.size(), 2u);
    EXPECT_EQ(config.addresses[0].length, 32);
    EXPECT_EQ(config.addresses[1].length, 128);
}

TEST(Config, tolerated) {
    const std::string texts[] = {
        /* 0 */ "\xef\xbb\xbf" + start,
        /* 1 */ "[Interface]\r\nPrivateKey = " + private_key + "\r\n\r\n",
        /* 2 */ "[Interface]\nPrivateKey=" + private_key,
        /* 3 */ "\n # c\n[ interface ] # c\n\tPRIVATEKEY\t=\t" + private_key + "\t# c\n",
        /* 4 */ start + "[Peer]\nPublicKey = " + key_a + "\n[Interface]\nMTU = 1400\n",
        /* 5 */ start + "[PEER]\nPublicKey = " + key_a + "\nAllowedIPs =\n",
        /* 6 */ "[Interface]\nPrivateKeyFile = key\nGeneratePrivateKeyFile = yes\n",
        /* 7 */ start + "# " + std::string(1, '\x1b') + "\n",
    };
    for (const std::string& text : texts)
        EXPECT_EQ(message(text), "no error") << text;
}

struct ErrorCase {
    std::string text, message;
};

TEST(Config, errors_of_a_line) {
    const std::string peer = "[Peer]\nPublicKey = " + key_a + "\n";
    const ErrorCase cases[] = {
        /* 0 */
        {start + peer + "AllowedIPs = 10.0.0.0/33\n",
         "wg0.conf:5: AllowedIPs: '10.0.0.0/33' is not an address with a prefix length; "
         "write 10.0.0.2/32 or 2001:db8::2/128"},
        /* 1 */
        {start + "Adress = 10.0.0.2\n", "wg0.conf:3: Adress: unknown key; did you mean Address?"},
        /* 2 */
        {start + "[Pear]\n",
         "wg0.conf:3: [Pear]: unknown section; the sections are [Interface] and [Peer]"},
        /* 3 */
        {start + "[Peer\n",
         "wg0.conf:3: [Peer: unknown section; the sections are [Interface] and [Peer]"},
        /* 4 */
        {start + "MTU 1400\n", "wg0.conf:3: line: is no key with a value; write KEY = VALUE"},
        /* 5 */
        {start + "MTU =\n", "wg0.conf:3: MTU: has no value; give it one or take the line out"},
        /* 6 */
        {start + "= 1400\n", "wg0.conf:3: line: has no key before its '='; write KEY = VALUE"},
        /* 7 */
        {"[Interface]\nPrivateKey = short\n",
         "wg0.conf:2: PrivateKey: is not a key; a key is 44 characters of base64"},
        /* 8 */
        {start + "Jc = 4\n",
         "wg0.conf:3: Jc: is a key of AmneziaWG, which changes WireGuard's packets; not "
         "supported; ask your provider for a plain WireGuard configuration"},
        /* 9 */
        {start + std::string("MTU = 1\0", 8) + "400\n",
         "wg0.conf:3: line: holds a NUL byte; save the file as UTF-8 text"},
        /* 10 */
        {start + "PostUp = \x1b[2J\n",
         "wg0.conf:3: line: holds a control character; save the file as UTF-8 text"},
        /* 11 */
        {start + "PostUp = " + std::string(config_line_bytes_max - 9, 'x') + "\n", "no error"},
        /* 12 */
        {start + "PostUp = " + std::string(config_line_bytes_max - 8, 'x') + "\n",
         "wg0.conf:3: line: is longer than 64 KiB; is it a configuration?"},
        /* 13 */ {start + std::string(config_bytes_max - start.size(), '\n'), "no error"},
        /* 14 */
        {start + std::string(config_bytes_max - start.size() + 1, '\n'),
         "wg0.conf: is longer than 1 MiB; is it a configuration?"},
    };
    for (const ErrorCase& each : cases)
        EXPECT_EQ(message(each.text), each.message);
}

TEST(Config, errors_of_the_whole) {
    const std::string peer = "[Peer]\nPublicKey = " + key_a + "\n";
    const ErrorCase cases[] = {
        /* 0 */ {"",
                 "wg0.conf:1: [Interface]: is missing; a configuration starts with [Interface]"},
        /* 1 */
        {peer, "wg0.conf:1: [Interface]: is missing; a configuration starts with [Interface]"},
        /* 2 */
        {"\n[Interface]\n", "wg0.conf:2: PrivateKey: is missing; make one with 'wgns-user genkey'"},
        /* 3 */
        {start + "PrivateKeyFile = x\n",
         "wg0.conf:3: PrivateKeyFile: stands beside PrivateKey; keep one of them"},
        /* 4 */
        {start + "GeneratePrivateKeyFile = yes\n",
         "wg0.conf:3: GeneratePrivateKeyFile: does not say which file; set PrivateKeyFile "
         "too"},
        /* 5 */
        {start + "[Peer]\nAllowedIPs = ::/0\n",
         "wg0.conf:3: PublicKey: is missing in [Peer]; each peer has one"},
        /* 6 */
        {start + peer + peer,
         "wg0.conf:6: PublicKey: is that of line 4 again; make one [Peer] of the two"},
        /* 7 */
        {start + peer + "PresharedKey = " + key_b + "\nPresharedKeyFile = x\n",
         "wg0.conf:6: PresharedKeyFile: stands beside PresharedKey; keep one of them"},
        /* 8 */
        {"MTU = 1400\n" + start,
         "wg0.conf:1: MTU: stands before any section; start the file with [Interface]"},
        /* 9 */
        {start + "MTU = 1279\nAddress = 10.0.0.2, fd00::2/64\n",
         "wg0.conf:3: MTU: 1279 is too small for fd00::2/64; IPv6 needs at least 1280"},
        /* 10 */ {start + "MTU = 576\nAddress = 10.0.0.2\n", "no error"},
        /* 11 */
        {start + "Namespace = longer-than-fifteen\n",
         "wg0.conf:3: InterfaceName: its default 'longer-than-fifteen' is longer than 15 "
         "bytes; set InterfaceName"},
        /* 12 */ {start + "Namespace = longer-than-fifteen\nInterfaceName = wg0\n", "no error"},
    };
    for (const ErrorCase& each : cases)
        EXPECT_EQ(message(each.text), each.message);
}

// A key whose name was lost, or that stands at the wrong place, is not repeated.
TEST(Config, errors_hold_no_secret) {
    const std::string secret = private_key.substr(0, 20);
    const std::string texts[] = {
        /* 0 */ private_key,
        /* 1 */ "[Interface]\n" + private_key,
        /* 2 */ "[Interface]\n[" + private_key,
        /* 3 */ "[Interface]\nPrivateKey = " + private_key + private_key,
        /* 4 */ "[Interface]\nPrivateKey " + private_key,
        /* 5 */ start + "[Peer]\nPresharedKey = x" + private_key,
        /* 6 */ start + "[Peer]\nPublicKey = x" + private_key,
    };
    for (const std::string& text : texts) {
        EXPECT_NE(message(text), "no error") << text;
        EXPECT_EQ(message(text).find(secret), std::string::npos) << message(text);
    }
}

TEST(Config, warnings) {
    const Config config = parsed(start + "SaveConfig = true\nMTU = 1400\nMTU = 1300\n");
    EXPECT_EQ(config.mtu, 1300u);
    const std::vector<std::string> expected{
        "wg0.conf:5: MTU: is given twice; the last one holds",
        "wg0.conf:3: SaveConfig: is ignored; this file is never written"};
    EXPECT_EQ(config.warnings, expected);
}

TEST(Config, dns_is_enforced_by_the_firewall_and_leads_to_a_server) {
    EXPECT_EQ(message(start + "DNS = example.org\nDNSEnforce = strict\n"),
              "wg0.conf:4: DNSEnforce: has no server to lead to; set DNS to an address");
    EXPECT_EQ(message(start + "DNS = 10.0.0.53\nFirewall = none\nDNSEnforce = redirect\n"),
              "wg0.conf:5: DNSEnforce: is the firewall's work; take Firewall = none out");
    EXPECT_EQ(message(start + "Firewall = none\nDNSEnforce = off\n"), "no error");
    const Config config = parsed(start + "Firewall = none\nAllowFromTunnel = tcp/22\n");
    EXPECT_EQ(config.warnings,
              std::vector<std::string>{"wg0.conf:4: AllowFromTunnel: opens nothing; with Firewall "
                                       "= none every port is open"});
}

TEST(Config, default_interface_name_too_long) {
    EXPECT_EQ(message(start, "longer-than-fifteen.conf"),
              "longer-than-fifteen.conf:1: InterfaceName: its default 'longer-than-fifteen' is "
              "longer than 15 bytes; set InterfaceName");
}

TEST(Config, instance_names) {
    struct Case {
        std::string path, name;  // an empty name: refused
    };
    const Case cases[] = {
        /* 0 */ {"/etc/wgns-user/wg0.conf", "wg0"},
        /* 1 */ {"wg0", "wg0"},
        /* 2 */ {"a.b.conf", "a.b"},
        /* 3 */ {"A_=+.-9.conf", "A_=+.-9"},
        /* 4 */ {std::string(64, 'x') + ".conf", std::string(64, 'x')},
        /* 5 */ {std::string(65, 'x') + ".conf", ""},
        /* 6 */ {"", ""},
        /* 7 */ {".conf", ""},
        /* 8 */ {"..", ""},
        /* 9 */ {"two words.conf", ""},
        /* 10 */ {"-x.conf", ""},
        /* 11 */ {"folder/", ""},
    };
    for (const Case& each : cases) {
        const auto name = instance_name(each.path);
        ASSERT_EQ(name.has_value(), !each.name.empty()) << each.path;
        if (!name) continue;
        EXPECT_EQ(*name, each.name);
    }
    EXPECT_EQ(message(start, "two words.conf"),
              "two words.conf: its name makes no instance's name; a name has 1 to 64 of A-Z a-z "
              "0-9 _ = + . -, the first neither . nor -");
}

TEST(Config, host_port_address) {
    EXPECT_EQ((HostPort{"1.2.3.4", 5}.address()->to_string()), "1.2.3.4:5");
    EXPECT_EQ((HostPort{"2001:db8::1", 5}.address()->to_string()), "[2001:db8::1]:5");
    EXPECT_EQ((HostPort{"2001:db8::1", 5}.to_string()), "[2001:db8::1]:5");
    EXPECT_FALSE((HostPort{"vpn.example.org", 5}.address()));
    EXPECT_FALSE((HostPort{"fe80::1%no-such-zone", 5}.address()));
}

class LoadConfig : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
        const fs::path path = folder_.path() / name;
        std::ofstream(path) << text;
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path.string();
    }
    std::string path(const std::string& name) { return (folder_.path() / name).string(); }

    TemporaryFolder folder_;
};

std::string load_message(const std::string& path) {
    const auto config = load_config(path);
    return config ? "no error" : describe(config.error());
}

TEST_F(LoadConfig, key_files) {
    write("key", private_key + "\n");
    write("psk", key_b + "\r\n");
    const std::string file =
        write("wg0.conf", "[Interface]\nPrivateKeyFile = key\n[Peer]\nPublicKey = " + key_a +
                              "\nPresharedKeyFile = " + path("psk") + "\n");
    const auto config = load_config(file);
    ASSERT_TRUE(config) << describe(config.error());
    EXPECT_EQ(key_to_base64(config->private_key.bytes()), private_key);
    EXPECT_EQ(key_to_base64(config->peers.at(0).preshared_key.bytes()), key_b);
    EXPECT_TRUE(config->warnings.empty());
}

TEST_F(LoadConfig, credentials) {
    write("wg-key", private_key);
    const std::string file = write("wg0.conf", "[Interface]\nPrivateKeyFile = credential:wg-key\n");
    ASSERT_EQ(::unsetenv("CREDENTIALS_DIRECTORY"), 0);
    EXPECT_EQ(load_message(file), file +
                                      ":2: PrivateKeyFile: no systemd credential wg-key; the unit "
                                      "needs LoadCredential=wg-key:PATH");
    ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1), 0);
    const auto config = load_config(file);
    ASSERT_EQ(::unsetenv("CREDENTIALS_DIRECTORY"), 0);
    ASSERT_TRUE(config) << describe(config.error());
    EXPECT_EQ(key_to_base64(config->private_key.bytes()), private_key);
}

TEST_F(LoadConfig, errors) {
    EXPECT_EQ(load_message(path("none.conf")),
              path("none.conf") + ": cannot be read: No such file or directory");
    EXPECT_EQ(load_message(folder_.path().string()),
              folder_.path().string() + ": cannot be read: Is a directory");
    const std::string big = write("big.conf", std::string(config_bytes_max + 1, '#'));
    EXPECT_EQ(load_message(big), big + ": cannot be read: File too large");
    const std::string file = write("wg0.conf", "[Interface]\nPrivateKeyFile = key\n");
    EXPECT_EQ(load_message(file), file + ":2: PrivateKeyFile: cannot read " + path("key") +
                                      ": No such file or directory; put a key there with "
                                      "'wgns-user genkey' or 'genpsk'");
    write("key", "no key\n");
    EXPECT_EQ(load_message(file), file + ":2: PrivateKeyFile: " + path("key") +
                                      " holds no key; a key is 44 characters of base64");
    write("key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    EXPECT_EQ(load_message(file), file + ":2: PrivateKeyFile: " + path("key") +
                                      " holds all zeros; make one with 'wgns-user genkey'");
    write("key", std::string(5000, 'x'));
    EXPECT_NE(load_message(file).find("File too large"), std::string::npos);
}

TEST_F(LoadConfig, a_file_of_rules_is_beside_the_configuration) {
    const std::string file = write("wg0.conf", start + "ExtraFirewallRulesFile = own.nft\n");
    EXPECT_EQ(load_message(file), file + ":3: ExtraFirewallRulesFile: " + path("own.nft") +
                                      " cannot be read: No such file or directory");
    write("own.nft", "");
    const auto config = load_config(file);
    ASSERT_TRUE(config) << describe(config.error());
    EXPECT_EQ(config->extra_firewall_rules_file, path("own.nft"));
    EXPECT_EQ(config->folder, folder_.path());
}

TEST_F(LoadConfig, warns_of_open_keys) {
    const std::string open = write("open.conf", start, 0644);
    auto config = load_config(open);
    ASSERT_TRUE(config);
    EXPECT_EQ(
        config->warnings,
        std::vector<std::string>{
            open + ": holds a key and can be read or changed by everybody; chmod 600 " + open});
    const std::string key = write("key", private_key, 0604);
    const std::string file = write("wg0.conf", "[Interface]\nPrivateKeyFile = key\n", 0644);
    config = load_config(file);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->warnings,
              std::vector<std::string>{file + ":2: PrivateKeyFile: " + key +
                                       " can be read or changed by everybody; chmod 600 " + key});
    const std::string closed = write("closed.conf", start, 0640);
    EXPECT_TRUE(load_config(closed)->warnings.empty());
}

}  // namespace
}  // namespace wgns
