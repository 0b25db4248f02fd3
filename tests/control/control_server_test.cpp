#include "control/control_server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <thread>

#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

constexpr std::chrono::milliseconds patience{10000};

struct ControlServerTest : testing::Test {
    TemporaryFolder folder;
    std::string path = (folder.path() / "control.sock").string();
    boost::asio::io_context context;
    std::optional<ControlServer> server;
    std::thread thread;

    void serve() {
        auto listener = listen_control(path);
        ASSERT_TRUE(listener) << describe(listener.error());
        server.emplace(context, std::move(*listener),
                       [](const std::string& request, const ControlServer::Answer& answer) {
                           answer("you said " + request);
                       });
        server->start();
        thread = std::thread([this] { context.run(); });
    }
    void TearDown() override {
        context.stop();
        if (thread.joinable()) thread.join();
    }
};

TEST_F(ControlServerTest, AnswersOneLineWithOneLine) {
    serve();
    for (const char* request : {"status", "", "anything"}) {
        const auto answer = ask_control(path, request, patience);
        ASSERT_TRUE(answer) << describe(answer.error());
        EXPECT_EQ(*answer, std::string("you said ") + request);
    }
}

TEST_F(ControlServerTest, OnlyTheOwnerMayConnect) {
    serve();
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(ControlServerTest, ClosesOnARequestWithoutEnd) {
    serve();
    const auto answer = ask_control(path, std::string(1000, 'x'), patience);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ECONNRESET);
    EXPECT_TRUE(ask_control(path, "status", patience));
}

TEST_F(ControlServerTest, TellsThatNobodyListens) {
    const auto answer = ask_control(path, "status", patience);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ENOENT);
    EXPECT_FALSE(ask_control(std::string(200, 'x'), "status", patience));
}

}  // namespace
}  // namespace wgns
