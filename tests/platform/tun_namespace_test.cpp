// What netns/tun_device relies on: a TUN belongs to the namespace in which /dev/net/tun was opened,
// whoever holds the descriptor, and lives exactly as long as the descriptor.
#include <net/if.h>

#include <chrono>

#include "tests/platform/private_network.h"

namespace wgns::platform {
namespace {

constexpr const char* device = "wgnstest0";

bool is_in(const PrivateNetwork& network) {
    bool is_there = false;
    network.run([&] { is_there = ::if_nametoindex(device) != 0; });
    return is_there;
}

// The device is taken down by the last close, but off its thread.
bool leaves(const PrivateNetwork& network) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (std::chrono::steady_clock::now() < deadline)
        if (!is_in(network)) return true;
    return false;
}

TEST(tun_namespace, a_tun_stays_where_it_was_opened) {
    WGNS_SKIP_UNLESS_ROOT();
    const PrivateNetwork network;
    UniqueFd tun;
    network.run([&] { tun = open_tun_here(device); });
    EXPECT_TRUE(is_in(network));
    EXPECT_EQ(::if_nametoindex(device), 0U) << "it must never be seen outside";
    // From outside, through the descriptor alone.
    const UniqueFd home(::ioctl(tun.get(), TUNGETDEVNETNS, 0));
    ASSERT_TRUE(home) << std::strerror(errno);
    EXPECT_EQ(inode_of(home.get()), network.identity());
}

TEST(tun_namespace, a_tun_goes_with_its_last_descriptor) {
    WGNS_SKIP_UNLESS_ROOT();
    const PrivateNetwork network;
    UniqueFd tun;
    network.run([&] { tun = open_tun_here(device); });
    UniqueFd copy(::fcntl(tun.get(), F_DUPFD_CLOEXEC, 0));
    tun.reset();
    EXPECT_TRUE(is_in(network)) << "a copy keeps it: the supervisor's, while the daemon restarts";
    copy.reset();
    EXPECT_TRUE(leaves(network));
}

// INTERFACE.md's fail closed: without the daemon there is no route left.
TEST(tun_namespace, its_routes_go_with_it) {
    WGNS_SKIP_UNLESS_ROOT();
    const PrivateNetwork network;
    const auto connect_through = [&] {
        int code = 0;
        network.run([&] {
            const UniqueFd udp = udp_socket_here();
            const sockaddr_in to = ipv4("10.77.0.2", 9);
            const auto* address = reinterpret_cast<const sockaddr*>(&to);
            code = ::connect(udp.get(), address, sizeof to) == 0 ? 0 : errno;
        });
        return code;
    };
    EXPECT_EQ(connect_through(), ENETUNREACH);
    UniqueFd tun;
    network.run([&] {
        tun = open_tun_here(device);
        configure_here(device, "10.77.0.1");
    });
    EXPECT_EQ(connect_through(), 0);
    tun.reset();
    ASSERT_TRUE(leaves(network));
    EXPECT_EQ(connect_through(), ENETUNREACH);
}

}  // namespace
}  // namespace wgns::platform
