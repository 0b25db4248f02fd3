#include "control/daemon_setup.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

namespace wgns {
namespace {

PublicKey key_of(std::uint8_t byte) {
    PublicKey key;
    key.bytes.fill(byte);
    return key;
}

DaemonSetup example() {
    DaemonSetup setup;
    setup.instance = "home";
    setup.namespace_name = "space";
    setup.interface = "wg0";
    setup.mtu = 1420;
    setup.data_plane = {"epoll", "sodium", "tcp", "3"};
    setup.peers[key_of(1)] = {"a \"name\"\nwith \xff", "vpn.example.org:51820"};
    setup.named_endpoints.push_back({key_of(1), "vpn.example.org", 51820, 60, 5});
    setup.published = {{"127.0.0.1:8080", 80}, {"[::1]:81", 65535}};
    setup.metrics_listen = "127.0.0.1:9586";
    setup.is_quiet = true;
    setup.uapi = "private_key=00\nreplace_peers=true\n";
    return setup;
}

TEST(DaemonSetup, ComesBackTheSame) {
    const auto file = write_setup(example());
    ASSERT_TRUE(file);
    for (int round = 0; round < 2; ++round) {
        const auto read = read_setup(file->get());
        ASSERT_TRUE(read) << describe(read.error());
        EXPECT_EQ(read->instance, "home");
        EXPECT_EQ(read->namespace_name, "space");
        EXPECT_EQ(read->interface, "wg0");
        EXPECT_EQ(read->mtu, 1420U);
        EXPECT_EQ(read->data_plane.io, "epoll");
        EXPECT_EQ(read->data_plane.aead, "sodium");
        EXPECT_EQ(read->data_plane.offloads, "tcp");
        EXPECT_EQ(read->data_plane.workers, "3");
        ASSERT_EQ(read->peers.size(), 1U);
        EXPECT_EQ(read->peers.begin()->first, key_of(1));
        EXPECT_EQ(read->peers.begin()->second.endpoint, "vpn.example.org:51820");
        ASSERT_EQ(read->named_endpoints.size(), 1U);
        EXPECT_EQ(read->named_endpoints[0].host, "vpn.example.org");
        EXPECT_EQ(read->named_endpoints[0].port, 51820);
        EXPECT_EQ(read->named_endpoints[0].refresh_seconds, 60U);
        EXPECT_EQ(read->named_endpoints[0].restart_seconds, 5U);
        ASSERT_EQ(read->published.size(), 2U);
        EXPECT_EQ(read->published[0].host, "127.0.0.1:8080");
        EXPECT_EQ(read->published[0].inside, 80);
        EXPECT_EQ(read->published[1].inside, 65535);
        EXPECT_EQ(read->metrics_listen, "127.0.0.1:9586");
        EXPECT_TRUE(read->is_quiet);
        EXPECT_EQ(read->uapi, example().uapi);
    }
}

TEST(DaemonSetup, CannotBeChangedAfterwards) {
    const auto file = write_setup(example());
    ASSERT_TRUE(file);
    EXPECT_LT(::pwrite(file->get(), "x", 1, 0), 0);
    EXPECT_LT(::ftruncate(file->get(), 0), 0);
}

TEST(DaemonSetup, RefusesOtherTexts) {
    const char* texts[] = {
        /* 0 */ "",
        /* 1 */ "private_key=00",
        /* 2 */ "{}\n",
        /* 3 */ "[]\nprivate_key=00\n",
        /* 4 */ "{\"instance\":1}\n",
    };
    for (std::size_t i = 0; i < std::size(texts); ++i) {
        std::FILE* file = std::tmpfile();
        ASSERT_NE(file, nullptr);
        std::fputs(texts[i], file);
        std::fflush(file);
        EXPECT_FALSE(read_setup(::fileno(file))) << i;
        std::fclose(file);
    }
}

}  // namespace
}  // namespace wgns
