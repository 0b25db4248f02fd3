#include "control/device_difference.h"

#include <gtest/gtest.h>

#include "control/device_config.h"
#include "control/uapi.h"

namespace wgns {
namespace {

constexpr const char* own_key = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
constexpr const char* other_own_key = "iJIXyXgjWbHoFjcVpPGLgCOJ5ZqSlqPCSqe0eKoWgWg=";
constexpr const char* peer_a = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
constexpr const char* peer_b = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=";
constexpr const char* hex_a = "c53201039adba14be71f886da1d8dbe9eebded08cb111b75340078999aa9f038";
constexpr const char* hex_b =
    "4eb32f4a83f88d8425"
    "63a448cc181bb2c42a637bf12363e2fb2ef594e5965d7d";

std::string interface(const std::string& more = "", const char* key = own_key) {
    return std::string("[Interface]\nPrivateKey = ") + key + "\n" + more;
}
std::string peer(const char* key, const std::string& more) {
    return std::string("[Peer]\nPublicKey = ") + key + "\n" + more;
}
DeviceChange device(const std::string& text) {
    const auto config = parse_config(text, "wg0.conf");
    EXPECT_TRUE(config) << text;
    return device_change_of(*config);
}

// A device that became what a configuration says, and in which peer A has roamed since.
DeviceSnapshot became(const DeviceChange& config) {
    DeviceSnapshot now;
    now.private_key = config.private_key->duplicate();
    now.listen_port = config.listen_port.value_or(40000);
    now.fwmark = config.fwmark.value_or(0);
    for (const PeerChange& each : config.peers) {
        PeerSnapshot& there = now.peers.emplace_back();
        there.public_key = each.public_key;
        there.preshared_key = each.preshared_key->duplicate();
        there.endpoint = *Endpoint::parse("203.0.113.9:9");
        there.persistent_keepalive_seconds = each.persistent_keepalive_seconds.value_or(0);
        for (const auto& prefix : each.allowed_ips)
            there.allowed_ips.push_back(prefix.prefix);
    }
    return now;
}

std::map<PublicKey, Endpoint> endpoints_of(const DeviceChange& config) {
    std::map<PublicKey, Endpoint> endpoints;
    for (const PeerChange& each : config.peers)
        if (each.endpoint) endpoints[each.public_key] = *each.endpoint;
    return endpoints;
}

TEST(DeviceDifference, ADeviceIsMadeAnewAsItIs) {
    const DeviceChange config =
        device(interface("ListenPort = 51820\nFwMark = 7\n") +
               peer(peer_a, "AllowedIPs = 10.0.0.1/32, ::/0\nPersistentKeepalive = 25\n") +
               peer(peer_b,
                    "AllowedIPs = 10.0.0.2/32\nPresharedKey = "
                    "/UwcSPg38hW/D9Y3tcS1FOV0K1wuURMbS0sesJEP5ak=\n"));
    const DeviceChange again = change_to(became(config));
    EXPECT_TRUE(device_difference(became(config), {}, again).peers.size() == 2U)
        << "both have an endpoint, which is not a configured one";
    EXPECT_EQ(print_set(change_to(became(again))), print_set(again));
}

TEST(DeviceDifference, IsWhatDiffersAndNothingElse) {
    const std::string a = peer(peer_a, "AllowedIPs = 10.0.0.1/32\nEndpoint = 192.0.2.1:51820\n");
    const std::string b = peer(peer_b, "AllowedIPs = 10.0.0.2/32\n");
    const std::string of_a = std::string("public_key=") + hex_a + "\nupdate_only=true\n";
    const struct {
        std::string before;
        std::string after;
        std::string difference;  // as a UAPI request, without its first line
    } rows[] = {
        /* 1: the same, though A has roamed */ {interface() + a + b, interface() + a + b, ""},
        /* 2: in another order */ {interface() + a + b, interface() + b + a, ""},
        /* 3: no port is asked for any more */
        {interface("ListenPort = 51820\n") + a, interface() + a, ""},
        /* 4 */
        {interface() + a, interface("ListenPort = 51820\n") + a, "listen_port=51820\n"},
        /* 5 */ {interface("FwMark = 7\n") + a, interface() + a, "fwmark=0\n"},
        /* 6: a peer goes */
        {interface() + a + b, interface() + a,
         std::string("public_key=") + hex_b + "\nremove=true\n"},
        /* 7: a peer comes */
        {interface() + a, interface() + a + b,
         std::string("public_key=") + hex_b + "\npreshared_key=" + std::string(64, '0') +
             "\npersistent_keepalive_interval=0\nreplace_allowed_ips=true\n"
             "allowed_ip=10.0.0.2/32\n"},
        /* 8: another endpoint is configured */
        {interface() + a,
         interface() + peer(peer_a, "AllowedIPs = 10.0.0.1/32\nEndpoint = 192.0.2.2:51820\n"),
         of_a + "endpoint=192.0.2.2:51820\n"},
        /* 9: none is */
        {interface() + a, interface() + peer(peer_a, "AllowedIPs = 10.0.0.1/32\n"), ""},
        /* 10 */
        {interface() + a, interface() + a + "PersistentKeepalive = 25\n",
         of_a + "persistent_keepalive_interval=25\n"},
        /* 11: other networks */
        {interface() + a,
         interface() + peer(peer_a, "AllowedIPs = 10.0.0.0/24, ::/0\nEndpoint = 192.0.2.1:51820\n"),
         of_a + "replace_allowed_ips=true\nallowed_ip=::/0\nallowed_ip=10.0.0.0/24\n"},
    };
    int number = 0;
    for (const auto& row : rows) {
        ++number;
        const DeviceChange before = device(row.before);
        const DeviceChange wanted = device(row.after);
        const auto difference = device_difference(became(before), endpoints_of(before), wanted);
        EXPECT_EQ(print_set(difference), "set=1\n" + row.difference + "\n") << number;
    }
}

TEST(DeviceDifference, ANetworkOfTwoPeersIsTheLastOnes) {
    const std::string text = interface() + peer(peer_a, "AllowedIPs = 10.0.0.0/24\n") +
                             peer(peer_b, "AllowedIPs = 10.0.0.0/24\n");
    const DeviceChange config = device(text);
    DeviceSnapshot now = became(config);
    now.peers[0].allowed_ips.clear();
    EXPECT_TRUE(device_difference(now, {}, config).peers.empty());
}

TEST(DeviceDifference, ANewPrivateKeyIsToldAndPeersAreCounted) {
    const std::string a = peer(peer_a, "");
    const DeviceChange before = device(interface() + a);
    const DeviceChange wanted = device(interface("", other_own_key) + peer(peer_b, ""));
    const auto difference = device_difference(became(before), endpoints_of(before), wanted);
    EXPECT_TRUE(difference.private_key.has_value());
    const PeerCounts counts = count_peers(difference);
    EXPECT_EQ(counts.added, 1U);
    EXPECT_EQ(counts.removed, 1U);
    EXPECT_EQ(counts.changed, 0U);
}

}  // namespace
}  // namespace wgns
