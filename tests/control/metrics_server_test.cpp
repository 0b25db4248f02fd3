#include "control/metrics_server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "control/control_server.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

using std::chrono::milliseconds;

constexpr int http_patience_ms = 10'000;
constexpr const char* plain_get = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr const char* last_get =
    "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

class HttpClient {
public:
    explicit HttpClient(const std::string& path)
        : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size());
        EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                  0);
    }
    bool send(const std::string& text) const {
        return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(text.size());
    }
    // Until `end` has come, or the other side has closed.
    std::string read_to(const std::string& end) {
        std::string got;
        while (end.empty() || !got.ends_with(end)) {
            pollfd waited{fd_.get(), POLLIN, 0};
            if (::poll(&waited, 1, http_patience_ms) <= 0) return got + "(waited in vain)";
            char byte = 0;
            if (::recv(fd_.get(), &byte, 1, 0) != 1) return got;
            got += byte;
        }
        return got;
    }
    std::string read_all() { return read_to(""); }
    // Whether the other side closes, though there may be something to read yet.
    [[nodiscard]] bool wait_for_end() const {
        pollfd waited{fd_.get(), POLLRDHUP, 0};
        return ::poll(&waited, 1, http_patience_ms) > 0;
    }

private:
    UniqueFd fd_;
};

struct MetricsServerTest : testing::Test {
    TemporaryFolder folder;
    std::string path = (folder.path() / "metrics.sock").string();
    boost::asio::io_context context;
    std::optional<MetricsServer> server;
    std::optional<std::string> text = "wgns_up 1\n";
    std::vector<MetricsServer::Answer> unanswered;
    bool answers = true;
    std::thread thread;

    void serve(milliseconds patience = MetricsServer::usual_patience) {
        auto listener = listen_control(path);
        ASSERT_TRUE(listener) << describe(listener.error());
        const auto source = [this](MetricsServer::Answer answer) {
            if (answers)
                answer(text);
            else
                unanswered.push_back(std::move(answer));
        };
        server.emplace(context, *std::move(listener), source, patience);
        thread = std::thread([this] { context.run(); });
    }
    std::string ask(const std::string& request) const {
        HttpClient client(path);
        EXPECT_TRUE(client.send(request));
        return client.read_all();
    }
    void TearDown() override {
        context.stop();
        if (thread.joinable()) thread.join();
    }
};

TEST_F(MetricsServerTest, AnswersGet) {
    serve();
    const std::string got = ask(last_get);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n")) << got;
    EXPECT_NE(got.find("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
              std::string::npos);
    EXPECT_NE(got.find("\r\nContent-Length: 10\r\n"), std::string::npos);
    EXPECT_TRUE(got.ends_with("\r\n\r\nwgns_up 1\n")) << got;
}

TEST_F(MetricsServerTest, HeadHasNoBody) {
    serve();
    const std::string got = ask("HEAD /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n")) << got;
    EXPECT_NE(got.find("\r\nContent-Length: 10\r\n"), std::string::npos);
    EXPECT_TRUE(got.ends_with("\r\n\r\n")) << got;
}

TEST_F(MetricsServerTest, ConnectionsLiveOn) {
    serve();
    HttpClient client(path);
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(client.send(plain_get));
        EXPECT_TRUE(client.read_to("wgns_up 1\n").starts_with("HTTP/1.1 200 OK\r\n"));
    }
    // Head, too, leaves nothing behind that the next answer would be taken for.
    ASSERT_TRUE(client.send("HEAD /metrics HTTP/1.1\r\n\r\n"));
    EXPECT_TRUE(client.read_to("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
    ASSERT_TRUE(client.send(std::string(plain_get) + plain_get));
    client.read_to("wgns_up 1\n");
    EXPECT_TRUE(client.read_to("wgns_up 1\n").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(MetricsServerTest, AnOldClientIsClosed) {
    serve();
    const std::string got = ask("GET /metrics HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(got.starts_with("HTTP/1.0 200 OK\r\n")) << got;
    EXPECT_TRUE(got.ends_with("wgns_up 1\n")) << got;
}

TEST_F(MetricsServerTest, RefusesWhatIsNotThere) {
    serve();
    struct Case {
        const char* start;
        const char* answer;
    };
    const Case cases[] = {
        {"GET / ", "HTTP/1.1 404 "},
        {"GET /metrics/ ", "HTTP/1.1 404 "},
        {"GET /metricsx ", "HTTP/1.1 404 "},
        {"GET /../metrics ", "HTTP/1.1 404 "},
        {"GET /metrics?x=1 ", "HTTP/1.1 200 "},
        {"POST /metrics ", "HTTP/1.1 405 "},
        {"DELETE /other ", "HTTP/1.1 405 "},
        {"BREW /metrics ", "HTTP/1.1 405 "},
    };
    for (const Case& each : cases) {
        const std::string got =
            ask(std::string(each.start) + "HTTP/1.1\r\nConnection: close\r\n\r\n");
        EXPECT_TRUE(got.starts_with(each.answer)) << each.start << got;
        EXPECT_EQ(got.find("\r\nAllow: GET, HEAD\r\n") != std::string::npos,
                  got.starts_with("HTTP/1.1 405"))
            << got;
    }
}

TEST_F(MetricsServerTest, ABodyIsNotReadAndEndsTheConnection) {
    serve();
    const std::string got = ask("POST /metrics HTTP/1.1\r\nContent-Length: 100000\r\n\r\nabc");
    EXPECT_EQ(got.find("wgns_up"), std::string::npos);
    EXPECT_TRUE(got.starts_with("HTTP/1.1 405 ")) << got;
    EXPECT_NE(got.find("\r\nConnection: close\r\n"), std::string::npos) << got;
}

TEST_F(MetricsServerTest, RefusesWhatIsNoRequest) {
    serve();
    for (const char* bytes : {"hello\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02 ssl\r\n\r\n",
                              "GET /metrics HTTP/9.7\r\n\r\n"}) {
        const std::string got = ask(bytes);
        EXPECT_TRUE(got.starts_with("HTTP/1.1 400 ")) << got;
    }
}

TEST_F(MetricsServerTest, RefusesALongRequest) {
    serve();
    const std::string long_field(MetricsServer::max_request_bytes, 'x');
    for (const std::string& request :
         {"GET /metrics HTTP/1.1\r\nCookie: " + long_field + "\r\n\r\n",
          "GET /" + long_field + " HTTP/1.1\r\n\r\n",
          "GET /metrics HTTP/1.1\r\nCookie: " + std::string(100'000, 'x') + "\r\n\r\n"}) {
        const std::string got = ask(request);
        EXPECT_TRUE(got.starts_with("HTTP/1.1 431 ")) << got.substr(0, 200);
    }
    EXPECT_TRUE(ask(last_get).starts_with("HTTP/1.1 200 "));
}

TEST_F(MetricsServerTest, TellsThatItIsBusy) {
    text = std::nullopt;
    serve();
    EXPECT_TRUE(ask(last_get).starts_with("HTTP/1.1 503 "));
}

TEST_F(MetricsServerTest, ASlowClientIsSentAwayAndDelaysNobody) {
    serve(milliseconds(300));
    HttpClient hangs(path);
    HttpClient slow(path);
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(ask(last_get).starts_with("HTTP/1.1 200 "));
    // It never ends its request, however often it sends a byte of it.
    std::thread drip([&] {
        while (slow.send("G") && std::chrono::steady_clock::now() - begin < milliseconds(8000))
            std::this_thread::sleep_for(milliseconds(20));
    });
    EXPECT_EQ(hangs.read_all(), "");
    drip.join();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(8000));
}

TEST_F(MetricsServerTest, AnAnswerThatNeverComesEndsToo) {
    answers = false;
    serve(milliseconds(100));
    EXPECT_EQ(ask(plain_get), "");
    // It comes too late for anybody.
    boost::asio::post(context, [this] { unanswered.front()(text); });
    answers = true;
    EXPECT_TRUE(ask(last_get).starts_with("HTTP/1.1 200 "));
}

TEST_F(MetricsServerTest, AClientThatReadsNothingIsSentAway) {
    text = std::string(std::size_t{4} << 20, 'x');
    serve(milliseconds(200));
    HttpClient client(path);
    ASSERT_TRUE(client.send(plain_get));
    // The server's end closes, and until then this side has not read a byte.
    EXPECT_TRUE(client.wait_for_end());
    EXPECT_LT(client.read_all().size(), text->size());
}

TEST_F(MetricsServerTest, TakesSoManyClientsAndNoMore) {
    serve();
    std::vector<std::unique_ptr<HttpClient>> clients;
    for (std::size_t i = 0; i < MetricsServer::max_clients; ++i) {
        clients.push_back(std::make_unique<HttpClient>(path));
        ASSERT_TRUE(clients.back()->send(plain_get));
        EXPECT_TRUE(clients.back()->read_to("wgns_up 1\n").starts_with("HTTP/1.1 200 OK\r\n"));
    }
    HttpClient one_more(path);
    EXPECT_EQ(one_more.read_all(), "");
    // Whoever leaves makes room, as soon as that has been seen.
    clients.pop_back();
    std::string got;
    for (int attempt = 0; attempt < 200 && got.empty(); ++attempt) {
        HttpClient next(path);
        if (next.send(last_get)) got = next.read_all();
        if (got.empty()) std::this_thread::sleep_for(milliseconds(20));
    }
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 ")) << got;
}

TEST_F(MetricsServerTest, NobodyIsTakenOnceItIsShut) {
    serve();
    EXPECT_TRUE(ask(last_get).starts_with("HTTP/1.1 200 "));
    std::promise<void> is_gone;
    boost::asio::post(context, [&] {
        server->shut();
        server.reset();
        is_gone.set_value();
    });
    is_gone.get_future().wait();
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    EXPECT_NE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(errno, ECONNREFUSED);
}

}  // namespace
}  // namespace wgns
