#include "control/control_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
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
    std::vector<UniqueFd> descriptors;  // of the last request
    std::thread thread;

    void serve() {
        auto listener = listen_control(path);
        ASSERT_TRUE(listener) << describe(listener.error());
        server.emplace(context, std::move(*listener),
                       [this](ControlRequest request, const ControlServer::Answer& answer) {
                           descriptors = std::move(request.descriptors);
                           answer("you said " + request.text);
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

TEST_F(ControlServerTest, DescriptorsComeInTheirOrder) {
    serve();
    const auto has_content_of = [](int a, int b) {
        struct stat one {};
        struct stat other {};
        return ::fstat(a, &one) == 0 && ::fstat(b, &other) == 0 && one.st_ino == other.st_ino;
    };
    const UniqueFd first(::memfd_create("first", MFD_CLOEXEC));
    const UniqueFd second(::memfd_create("second", MFD_CLOEXEC));
    const auto answer = ask_control(path, "take", patience, {first.get(), second.get()});
    ASSERT_TRUE(answer) << describe(answer.error());
    ASSERT_EQ(descriptors.size(), 2U);
    EXPECT_TRUE(has_content_of(descriptors[0].get(), first.get()));
    EXPECT_TRUE(has_content_of(descriptors[1].get(), second.get()));
    EXPECT_EQ(::fcntl(descriptors[0].get(), F_GETFD), FD_CLOEXEC);
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
