#include "control/device_config.h"

#include <gtest/gtest.h>

#include "control/uapi.h"

namespace wgns {
namespace {

constexpr const char* file_text = R"(
[Interface]
PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=
ListenPort = 51820
FwMark = 0x10

[Peer]
PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
PresharedKey = /UwcSPg38hW/D9Y3tcS1FOV0K1wuURMbS0sesJEP5ak=
Endpoint = [2001:db8::1]:51821
AllowedIPs = 10.10.10.230/24, ::/0
PersistentKeepalive = 25

[Peer]
PublicKey = TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=
Endpoint = vpn.example.org:51820
)";

TEST(DeviceConfig, whole_device) {
    const auto config = parse_config(file_text, "wg0.conf");
    ASSERT_TRUE(config);
    EXPECT_EQ(print_set(device_change_of(*config)),
              "set=1\n"
              "private_key=c809f3e5317e9575c9b5ed78b638b7ce530dabe85ddab614220241801ddf0669\n"
              "listen_port=51820\n"
              "fwmark=16\n"
              "replace_peers=true\n"
              "public_key=c53201039adba14be71f886da1d8dbe9eebded08cb111b75340078999aa9f038\n"
              "preshared_key=fd4c1c48f837f215bf0fd637b5c4b514e5742b5c2e51131b4b4b1eb0910fe5a9\n"
              "endpoint=[2001:db8::1]:51821\n"
              "persistent_keepalive_interval=25\n"
              "replace_allowed_ips=true\n"
              "allowed_ip=10.10.10.0/24\n"
              "allowed_ip=::/0\n"
              "public_key=4eb32f4a83f88d842563a448cc181bb2c42a637bf12363e2fb2ef594e5965d7d\n"
              "preshared_key=0000000000000000000000000000000000000000000000000000000000000000\n"
              "persistent_keepalive_interval=0\n"
              "replace_allowed_ips=true\n"
              "\n");
}

TEST(DeviceConfig, port_stays_where_none_is_configured) {
    const auto config = parse_config(
        "[Interface]\nPrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=\n", "wg0.conf");
    ASSERT_TRUE(config);
    const DeviceChange change = device_change_of(*config);
    EXPECT_FALSE(change.listen_port);
    EXPECT_EQ(change.fwmark, 0u);
    EXPECT_TRUE(change.replace_peers);
    EXPECT_FALSE(config->private_key.is_zero());
}

}  // namespace
}  // namespace wgns
