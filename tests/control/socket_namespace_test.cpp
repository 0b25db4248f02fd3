#include "control/socket_namespace.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

namespace wgns {
namespace {

TEST(SocketNamespace, IsTheCallersUnlessAnotherIsNamed) {
    const Config config;
    const auto ns = socket_namespace(config);
    ASSERT_TRUE(ns) << describe(ns.error());
    EXPECT_TRUE(ns->is_callers);
    EXPECT_EQ(ns->ns.identity(), Namespace::current()->identity());
    const auto same = socket_namespace(config, *ProcessId::of(::getpid()));
    ASSERT_TRUE(same) << describe(same.error());
    EXPECT_EQ(same->ns.identity(), ns->ns.identity());
}

TEST(SocketNamespace, ANameThatIsNotThereIsRefused) {
    Config config;
    config.socket_namespace = "wgns-test-there-is-none";
    const auto ns = socket_namespace(config);
    ASSERT_FALSE(ns);
    EXPECT_EQ(ns.error().code, ENOENT);
}

TEST(SocketNamespace, TheMtuIsTheConfiguredOne) {
    Config config;
    config.mtu = 1300;
    EXPECT_EQ(mtu_seen_from(*Namespace::current(), config), 1300U);
}

}  // namespace
}  // namespace wgns
