#include "control/descriptor_name.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

namespace wgns {
namespace {

TEST(DescriptorName, OfAWorkerAndOfAListener) {
    EXPECT_EQ(numbered_descriptor(descriptor_name::tun, 3), "tun.3");
    EXPECT_EQ(publish_descriptor("127.0.0.1:8080"), "publish 127.0.0.1:8080");
}

TEST(DescriptorName, ADescriptorIsTakenOnce) {
    std::map<std::string, UniqueFd> descriptors;
    descriptors["setup"] = UniqueFd(::eventfd(0, EFD_CLOEXEC));
    EXPECT_TRUE(take_descriptor(descriptors, "setup"));
    EXPECT_FALSE(take_descriptor(descriptors, "setup"));
    EXPECT_TRUE(descriptors.empty());
}

TEST(DescriptorName, AMissingOneIsNamed) {
    EXPECT_NE(describe(missing_descriptor("tun")).find("descriptor tun"), std::string::npos);
}

}  // namespace
}  // namespace wgns
