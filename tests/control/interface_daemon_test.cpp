#include "control/interface_daemon.h"

#include <gtest/gtest.h>

namespace wgns {
namespace {

// Traffic and the life of an interface are what tests/system/ shows; here, that it says why there
// is none.
TEST(ServeInterface, TellsWhatIsWrongWithGivenDescriptors) {
    for (const bool foreground : {true, false}) {
        InterfaceRequest request;
        request.interface = "wgnstest0";
        request.foreground = foreground;
        /* 1: no number */
        request.tun_descriptor = "3x";
        auto served = serve_interface(request);
        ASSERT_FALSE(served);
        EXPECT_EQ(served.error().status, exit_status::failed);
        EXPECT_NE(served.error().line.find("WG_TUN_FD"), std::string::npos) << served.error().line;
        /* 2: not open */
        request.tun_descriptor = "987";
        EXPECT_FALSE(serve_interface(request));
    }
}

}  // namespace
}  // namespace wgns
