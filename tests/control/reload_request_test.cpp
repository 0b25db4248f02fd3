#include "control/reload_request.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include "control/descriptor_name.h"

namespace wgns {
namespace {

struct ReloadRequestTest : testing::Test {
    DaemonSetup now;
    DaemonSetup wanted;

    void SetUp() override {
        now.published = {{"127.0.0.1:8080", 80}};
        now.metrics_listen = "127.0.0.1:9586";
        wanted.instance = "home";
        wanted.published = now.published;
        wanted.metrics_listen = now.metrics_listen;
    }
    // With so many listeners behind the setup, which have the numbers of `listeners`.
    Result<ReloadRequest> read(std::size_t count) {
        std::vector<UniqueFd> descriptors;
        auto file = write_setup(wanted);
        EXPECT_TRUE(file);
        descriptors.push_back(*std::move(file));
        for (std::size_t i = 0; i < count; ++i) {
            descriptors.emplace_back(::eventfd(0, EFD_CLOEXEC));
            listeners.push_back(descriptors.back().get());
        }
        return ReloadRequest::read(std::move(descriptors), now);
    }
    std::vector<int> listeners;
};

TEST_F(ReloadRequestTest, NeedsASetup) {
    EXPECT_FALSE(ReloadRequest::read({}, now));
}

TEST_F(ReloadRequestTest, WhatIsThereNeedsNoListener) {
    const auto request = read(0);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->setup.instance, "home");
    EXPECT_TRUE(request->listeners.empty());
}

TEST_F(ReloadRequestTest, WhatIsNewHasItsListenerInTheSetupsOrder) {
    wanted.published = {{"127.0.0.1:8081", 81}, {"127.0.0.1:8080", 80}, {"127.0.0.1:8082", 82}};
    wanted.metrics_listen = "127.0.0.1:9587";
    const auto request = read(3);
    ASSERT_TRUE(request);
    ASSERT_EQ(request->listeners.size(), 3u);
    EXPECT_EQ(request->listeners.at("publish 127.0.0.1:8081").get(), listeners[0]);
    EXPECT_EQ(request->listeners.at("publish 127.0.0.1:8082").get(), listeners[1]);
    EXPECT_EQ(request->listeners.at(descriptor_name::metrics_port).get(), listeners[2]);
}

TEST_F(ReloadRequestTest, SaysWhichListenerIsMissing) {
    wanted.metrics_listen = "127.0.0.1:9587";
    auto request = read(0);
    ASSERT_FALSE(request);
    EXPECT_NE(describe(request.error()).find("metrics_port"), std::string::npos);
    wanted.published.push_back({"127.0.0.1:8081", 81});
    request = read(0);
    ASSERT_FALSE(request);
    EXPECT_NE(describe(request.error()).find("publish"), std::string::npos);
}

TEST_F(ReloadRequestTest, APortThatIsNoLongerAskedForNeedsNothing) {
    wanted.metrics_listen.clear();
    const auto request = read(0);
    ASSERT_TRUE(request);
    EXPECT_TRUE(request->listeners.empty());
}

}  // namespace
}  // namespace wgns
