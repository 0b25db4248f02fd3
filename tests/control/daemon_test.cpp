#include "control/daemon.h"

#include <gtest/gtest.h>

#include "control/failure.h"
#include "control/supervisor.h"

namespace wgns {
namespace {

// Traffic through a daemon is what tests/system/ shows; here, that it says why it cannot start.
struct DaemonTest : testing::Test {
    std::optional<DescriptorChannel> supervisor;
    std::optional<Daemon> daemon;

    void SetUp() override {
        auto pair = DescriptorChannel::create_pair();
        ASSERT_TRUE(pair);
        supervisor.emplace(std::move(pair->first));
        daemon.emplace(std::move(pair->second));
    }
    std::string reason() {
        const auto received = supervisor->receive();
        if (!received || !*received) return "";
        return (**received).body.value(daemon_word::failed, "");
    }
};

TEST_F(DaemonTest, EndsWithoutASupervisor) {
    supervisor.reset();
    EXPECT_EQ(daemon->run(), exit_status::failed);
}

TEST_F(DaemonTest, TellsThatItsSetupIsMissing) {
    ASSERT_TRUE(supervisor->send(nlohmann::json::object()));
    EXPECT_EQ(daemon->run(), exit_status::failed);
    EXPECT_NE(reason(), "");
}

TEST_F(DaemonTest, TellsThatItsDescriptorsAreMissing) {
    DaemonSetup setup;
    setup.instance = "home";
    setup.uapi = "set=1\n\n";
    const auto file = write_setup(setup);
    ASSERT_TRUE(file);
    ASSERT_TRUE(
        supervisor->send(nlohmann::json::object(), {{descriptor_name::setup, file->get()}}));
    EXPECT_EQ(daemon->run(), exit_status::failed);
    EXPECT_NE(reason(), "");
}

TEST_F(DaemonTest, TellsThatAListenerIsMissing) {
    DaemonSetup setup;
    setup.instance = "home";
    setup.published = {{"127.0.0.1:8080", 80}};
    const auto file = write_setup(setup);
    ASSERT_TRUE(file);
    ASSERT_TRUE(
        supervisor->send(nlohmann::json::object(), {{descriptor_name::setup, file->get()},
                                                    {descriptor_name::control, file->get()},
                                                    {descriptor_name::uapi, file->get()},
                                                    {descriptor_name::metrics, file->get()}}));
    EXPECT_EQ(daemon->run(), exit_status::failed);
    EXPECT_NE(reason().find("publish"), std::string::npos);
}

TEST_F(DaemonTest, TellsThatTheListenerForMetricsIsMissing) {
    DaemonSetup setup;
    setup.instance = "home";
    setup.metrics_listen = "127.0.0.1:9586";
    const auto file = write_setup(setup);
    ASSERT_TRUE(file);
    ASSERT_TRUE(
        supervisor->send(nlohmann::json::object(), {{descriptor_name::setup, file->get()},
                                                    {descriptor_name::control, file->get()},
                                                    {descriptor_name::uapi, file->get()},
                                                    {descriptor_name::metrics, file->get()}}));
    EXPECT_EQ(daemon->run(), exit_status::failed);
    EXPECT_NE(reason().find("metrics_port"), std::string::npos);
}

}  // namespace
}  // namespace wgns
