#include "control/uapi_server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

#include "control/uapi_socket.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

constexpr int patience_ms = 10'000;
const std::string key(64, 'b');

// One connection to the server.
class Caller {
public:
    explicit Caller(const std::filesystem::path& path)
        : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.native().size());
        EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    void say(const std::string& text) const {
        std::string_view rest = text;
        while (!rest.empty()) {
            const ssize_t size = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
            if (size <= 0) return;
            rest.remove_prefix(static_cast<std::size_t>(size));
        }
    }
    void say_no_more() const { ::shutdown(fd_.get(), SHUT_WR); }
    // Until `answers` blank lines have come, or the end.
    std::string hear(std::size_t answers = 1) {
        std::string heard;
        std::string piece(65'536, '\0');
        while (answers > 0) {
            pollfd waited{fd_.get(), POLLIN, 0};
            if (::poll(&waited, 1, patience_ms) != 1) return heard + "[silence]";
            const ssize_t size = ::recv(fd_.get(), piece.data(), piece.size(), 0);
            if (size <= 0) return heard + "[end]";
            heard.append(piece, 0, static_cast<std::size_t>(size));
            if (heard.ends_with("\n\n")) --answers;
        }
        return heard;
    }
    // Whether the other side is gone, after a while at the latest; reads nothing.
    [[nodiscard]] bool is_left(int wait_ms = patience_ms) const {
        pollfd waited{fd_.get(), 0, 0};
        return ::poll(&waited, 1, wait_ms) == 1 && (waited.revents & POLLHUP) != 0;
    }

private:
    UniqueFd fd_;
};

struct UapiServerTest : testing::Test {
    TemporaryFolder folder;
    std::filesystem::path path = folder.path() / "wg0.sock";
    boost::asio::io_context context;
    std::optional<UapiServer> server;
    std::thread thread;
    std::atomic<std::size_t> peers = 1;  // of the device
    std::atomic<int> set_error = 0;
    std::atomic<bool> is_busy = false;
    std::vector<DeviceChange> sets{};  // what came, in order

    void serve(std::chrono::milliseconds patience = UapiServer::idle_limit) {
        auto socket = UapiSocket::create("wg0", folder.path());
        ASSERT_TRUE(socket) << describe(socket.error());
        UapiDevice device{[this](auto done) {
                              boost::asio::post(context, [this, done] {
                                  if (is_busy) return done(std::nullopt);
                                  DeviceSnapshot snapshot;
                                  snapshot.listen_port = 51820;
                                  snapshot.peers.resize(peers);
                                  done(std::move(snapshot));
                              });
                          },
                          [this](DeviceChange change, auto done) {
                              sets.push_back(std::move(change));
                              boost::asio::post(context, [this, done] { done(set_error); });
                          }};
        server.emplace(context, socket->take_listener(), std::move(device), patience);
        server->start();
        thread = std::thread([this] { context.run(); });
    }
    // All that came, once nothing comes any more.
    const std::vector<DeviceChange>& end() {
        context.stop();
        if (thread.joinable()) thread.join();
        return sets;
    }
    void TearDown() override { static_cast<void>(end()); }
};

TEST_F(UapiServerTest, AnswersGet) {
    serve();
    Caller caller(path);
    caller.say("get=1\n\n");
    const std::string answer = caller.hear();
    EXPECT_TRUE(answer.starts_with("listen_port=51820\npublic_key=0000")) << answer;
    EXPECT_TRUE(answer.ends_with("\nerrno=0\n\n")) << answer;
}

TEST_F(UapiServerTest, AnswersSetWithTheErrorOfTheDevice) {
    serve();
    Caller caller(path);
    caller.say("set=1\nlisten_port=7\n\n");
    EXPECT_EQ(caller.hear(), "errno=0\n\n");
    set_error = EADDRINUSE;
    caller.say("set=1\nlisten_port=8\n\n");
    EXPECT_EQ(caller.hear(), "errno=-98\n\n");
    ASSERT_EQ(end().size(), 2U);
    EXPECT_EQ(sets[1].listen_port, 8);
}

TEST_F(UapiServerTest, AppliesWhatStandsBeforeAWrongLineAndTellsOfTheLine) {
    serve();
    Caller caller(path);
    caller.say("set=1\nfwmark=1\nnonsense=2\nfwmark=3\n\nget=1\n\n");
    EXPECT_TRUE(caller.hear(2).starts_with("errno=-22\n\nlisten_port="));
    ASSERT_EQ(end().size(), 1U);
    EXPECT_EQ(sets[0].fwmark, 1U);
}

TEST_F(UapiServerTest, AnswersEveryRequestOfOnePiece) {
    serve();
    Caller caller(path);
    caller.say("set=1\nfwmark=1\n\nget=1\n\nget=1\nx\n\nset=1\nfwmark=2\n\n");
    std::string answers;
    while (!answers.ends_with("errno=-22\n\nerrno=0\n\n"))
        answers += caller.hear();
    EXPECT_EQ(end().size(), 2U);
}

TEST_F(UapiServerTest, TheEndOfTheCallersWordsEndsASet) {
    serve();
    Caller caller(path);
    caller.say("set=1\nfwmark=1\n");
    caller.say_no_more();
    EXPECT_EQ(caller.hear(2), "errno=0\n\n[end]");
    EXPECT_EQ(end().size(), 1U);
}

TEST_F(UapiServerTest, ClosesOnWhatIsNoOperation) {
    serve();
    Caller caller(path);
    caller.say("frobnicate=1\n");
    EXPECT_EQ(caller.hear(), "[end]");
    is_busy = true;
    Caller other(path);
    other.say("get=1\n\n");
    EXPECT_EQ(other.hear(), "[end]");
}

TEST_F(UapiServerTest, SendsAwayWhoTakesTooLong) {
    serve(std::chrono::milliseconds(300));
    /* 1: says nothing */
    Caller silent(path);
    /* 2: stops in the middle */
    Caller half(path);
    half.say("set=1\nfwmark=1\n");
    /* 3: takes no answer */
    peers = 20'000;
    Caller deaf(path);
    deaf.say("get=1\n\n");
    EXPECT_TRUE(silent.is_left());
    EXPECT_TRUE(half.is_left());
    EXPECT_TRUE(deaf.is_left());
    EXPECT_TRUE(deaf.hear().ends_with("[end]"));
    EXPECT_TRUE(end().empty());
}

TEST_F(UapiServerTest, AByteNowAndThenIsNoProgress) {
    serve(std::chrono::milliseconds(300));
    Caller slow(path);
    int bytes = 0;
    while (bytes < 1000 && !slow.is_left(10)) {
        slow.say("x");
        ++bytes;
    }
    EXPECT_LT(bytes, 1000);
}

TEST_F(UapiServerTest, IdleCallersMakeRoom) {
    serve();
    std::vector<Caller> idle;
    for (int i = 0; i < 200; ++i) {
        idle.emplace_back(path);
        Caller caller(path);
        caller.say("set=1\n\n");
        EXPECT_EQ(caller.hear(), "errno=0\n\n") << i;
    }
}

TEST_F(UapiServerTest, WhoTakesNoAnswerDelaysNobody) {
    peers = 4'000;  // more than a socket takes
    serve();
    std::vector<Caller> deaf;
    for (std::size_t i = 0; i < UapiServer::max_clients; ++i) {
        deaf.emplace_back(path);
        deaf.back().say("get=1\n\n");
    }
    Caller caller(path);
    caller.say("set=1\n\n");
    EXPECT_EQ(caller.hear(), "errno=0\n\n");
}

TEST_F(UapiServerTest, ALineWithoutEndIsAnErrorAndTakesNoMemory) {
    serve();
    Caller caller(path);
    caller.say("set=1\n" + std::string(200'000, 'x'));
    EXPECT_EQ(caller.hear(), "errno=-5\n\n");
    caller.say(std::string(1 << 20, '\0') + "\n\nset=1\n\n");
    EXPECT_EQ(caller.hear(), "errno=0\n\n");
}

TEST_F(UapiServerTest, ALargeAnswerComesWhole) {
    peers = 20'000;
    serve();
    Caller caller(path);
    caller.say("get=1\n\n");
    const std::string answer = caller.hear();
    EXPECT_TRUE(answer.ends_with("errno=0\n\n"));
    EXPECT_GT(answer.size(), peers * 100);
}

}  // namespace
}  // namespace wgns
