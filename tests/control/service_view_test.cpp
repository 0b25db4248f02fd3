#include "control/service_view.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

const ServiceView view{"home", "vpn", {"nsswitch.conf", "resolv.conf"}};

TEST(ServiceView, AUnitIsInsideWithTheFilesAndWithoutTheSockets) {
    const std::string text = systemd_dropin(view);
    for (const char* line : {"BindsTo=wgns-user@home.service\n", "After=wgns-user@home.service\n",
                             "NetworkNamespacePath=/run/netns/vpn\n",
                             "BindReadOnlyPaths=/etc/netns/vpn/resolv.conf:/etc/resolv.conf\n",
                             "BindReadOnlyPaths=/etc/netns/vpn/nsswitch.conf:/etc/nsswitch.conf\n",
                             "InaccessiblePaths=-/run/nscd/socket\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line;
}

TEST(ServiceView, PodmanIsToldOnOneLine) {
    EXPECT_EQ(podman_options(view),
              "--network=ns:/run/netns/vpn "
              "--volume=/etc/netns/vpn/nsswitch.conf:/etc/nsswitch.conf:ro "
              "--volume=/etc/netns/vpn/resolv.conf:/etc/resolv.conf:ro\n");
}

TEST(ServiceView, AnInstanceThatNobodyKnowsIsAFailure) {
    EXPECT_EQ(service_view_of("no/name").error().status, exit_status::no_such_instance);
    EXPECT_EQ(service_view_of("wgns-test-there-is-none").error().status, exit_status::usage);
}

}  // namespace
}  // namespace wgns
