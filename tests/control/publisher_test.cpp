#include "control/publisher.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include "netns/link.h"
#include "netns/namespace.h"
#include "netns/netlink.h"

namespace wgns {
namespace {

using std::chrono::milliseconds;
constexpr int patience_ms = 10'000;

Namespace with_loopback() {
    auto ns = Namespace::create();
    EXPECT_TRUE(ns) << describe(ns.error());
    const Status up = ns->run([]() -> Status {
        auto netlink = Netlink::open();
        if (!netlink) return netlink.error();
        const auto loopback = find_link(*netlink, "lo");
        if (!loopback) return loopback.error();
        return set_link_up(*netlink, *loopback);
    });
    EXPECT_TRUE(up) << describe(up.error());
    return *std::move(ns);
}

UniqueFd copy_of(int fd) {
    return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

bool is_readable(int fd, int ms) {
    pollfd waited{fd, POLLIN, 0};
    return ::poll(&waited, 1, ms) == 1;
}

// What comes next: bytes, "end", "reset", or "nothing" for as long as anybody waits.
std::string take(const UniqueFd& fd, int ms = patience_ms) {
    if (!is_readable(fd.get(), ms)) return "nothing";
    std::array<char, 4096> bytes;
    const ssize_t got = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
    if (got == 0) return "end";
    if (got < 0) return errno == ECONNRESET ? "reset" : "error";
    return {bytes.data(), static_cast<std::size_t>(got)};
}

void say(const UniqueFd& fd, const std::string& text) {
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
}

// A host's network and an inner one, both private, and a publisher between them.
struct PublisherTest : testing::Test {
    std::optional<Namespace> host, inner;
    std::unique_ptr<Publisher> publisher;

    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "network namespaces need root";
        host = with_loopback();
        inner = with_loopback();
        start(Publisher::connections_max);
    }
    void start(std::size_t connections) {
        publisher.reset();
        auto started = Publisher::start(
            copy_of(inner->fd()), [] { return Done{}; }, connections);
        ASSERT_TRUE(started) << describe(started.error());
        publisher = *std::move(started);
    }
    static UniqueFd listen(const Namespace& ns, const std::string& endpoint) {
        auto listener = ns.run([&] { return open_listener(*Endpoint::parse(endpoint)); });
        EXPECT_TRUE(listener) << describe(listener.error());
        return listener ? *std::move(listener) : UniqueFd();
    }
    [[nodiscard]] PublishedListener published(const std::string& endpoint,
                                              std::uint16_t inside) const {
        return {endpoint, inside, listen(*host, endpoint)};
    }
    void serve(PublishedListener one) {
        std::vector<PublishedListener> all;
        all.push_back(std::move(one));
        publisher->serve(std::move(all));
    }
    // Of the host's side.
    [[nodiscard]] UniqueFd open_socket(int family) const {
        auto opened = host->run([&]() -> Result<UniqueFd> {
            return UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        });
        return *std::move(opened);
    }
    static bool connect(const UniqueFd& fd, const std::string& endpoint) {
        sockaddr_storage to{};
        const unsigned length = to_sockaddr(*Endpoint::parse(endpoint), to);
        return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), length) == 0;
    }
    // None: refused.
    [[nodiscard]] UniqueFd call(const std::string& endpoint) const {
        UniqueFd fd = open_socket(endpoint.starts_with('[') ? AF_INET6 : AF_INET);
        return connect(fd, endpoint) ? std::move(fd) : UniqueFd();
    }
    // Of a server inside, the next connection. None: nobody has called.
    static UniqueFd answer(const UniqueFd& server, int ms = patience_ms) {
        if (!is_readable(server.get(), ms)) return {};
        return UniqueFd(::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }
    // A replaced set is in force soon; until then the one before is.
    [[nodiscard]] bool becomes_refused(const std::string& endpoint) const {
        for (int i = 0; i < 100; ++i) {
            if (!call(endpoint)) return true;
            std::this_thread::sleep_for(milliseconds(20));
        }
        return false;
    }
};

TEST_F(PublisherTest, CarriesBothWays) {
    const UniqueFd server = listen(*inner, "127.0.0.1:80");
    serve(published("127.0.0.1:8080", 80));
    const UniqueFd client = call("127.0.0.1:8080");
    const UniqueFd served = answer(server);
    ASSERT_TRUE(client && served);
    say(client, "ask");
    EXPECT_EQ(take(served), "ask");
    say(served, "answer");
    EXPECT_EQ(take(client), "answer");
    ::shutdown(client.get(), SHUT_WR);
    EXPECT_EQ(take(served), "end");
    say(served, "more");
    EXPECT_EQ(take(client), "more") << "half of it is still open";
    ::shutdown(served.get(), SHUT_WR);
    EXPECT_EQ(take(client), "end");
}

TEST_F(PublisherTest, TriesBothFamiliesOnEitherSide) {
    const UniqueFd server = listen(*inner, "[::1]:80");
    serve(published("[::1]:8080", 80));
    const UniqueFd client = call("[::1]:8080");
    const UniqueFd served = answer(server);
    ASSERT_TRUE(client && served);
    say(client, "six");
    EXPECT_EQ(take(served), "six");
    EXPECT_FALSE(call("127.0.0.1:8080")) << "IPv6 alone";
}

TEST_F(PublisherTest, WithoutAServerInsideTheCallerIsResetAtOnce) {
    serve(published("127.0.0.1:8080", 80));
    for (int i = 0; i < 3; ++i) {
        const UniqueFd client = call("127.0.0.1:8080");
        ASSERT_TRUE(client);
        EXPECT_EQ(take(client), "reset");
    }
    const UniqueFd server = listen(*inner, "127.0.0.1:80");
    const UniqueFd client = call("127.0.0.1:8080");
    EXPECT_TRUE(answer(server)) << "later there is one";
}

TEST_F(PublisherTest, AResetIsPassedOn) {
    const UniqueFd server = listen(*inner, "127.0.0.1:80");
    serve(published("127.0.0.1:8080", 80));
    UniqueFd client = call("127.0.0.1:8080");
    const UniqueFd served = answer(server);
    ASSERT_TRUE(client && served);
    const linger at_once{1, 0};
    ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    client.reset();
    EXPECT_EQ(take(served), "reset");
}

TEST_F(PublisherTest, ASlowReaderGetsAllOfIt) {
    constexpr std::size_t total = std::size_t{32} << 20;
    const UniqueFd server = listen(*inner, "127.0.0.1:80");
    serve(published("127.0.0.1:8080", 80));
    UniqueFd client = call("127.0.0.1:8080");
    const UniqueFd served = answer(server);
    ASSERT_TRUE(client && served);
    std::thread writing([&] {
        std::vector<char> piece(total);
        for (std::size_t i = 0; i < total; ++i)
            piece[i] = static_cast<char>(i * 7 + i / 4096);
        EXPECT_EQ(::send(client.get(), piece.data(), total, MSG_NOSIGNAL),
                  static_cast<ssize_t>(total));
        client.reset();
    });
    std::size_t read = 0;
    std::size_t wrong = 0;
    std::vector<char> bytes(10'000);
    for (ssize_t got = 0;; read += static_cast<std::size_t>(got)) {
        // Now and then it has better things to do.
        if (read % 97 == 0) std::this_thread::sleep_for(milliseconds(1));
        got = ::recv(served.get(), bytes.data(), bytes.size(), 0);
        if (got <= 0) break;
        for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i)
            wrong += bytes[i] != static_cast<char>((read + i) * 7 + (read + i) / 4096);
    }
    writing.join();
    EXPECT_EQ(read, total);
    EXPECT_EQ(wrong, 0U);
}

TEST_F(PublisherTest, AnotherSetReplacesTheOneBefore) {
    const UniqueFd first = listen(*inner, "127.0.0.1:80");
    const UniqueFd second = listen(*inner, "127.0.0.1:81");
    // As the supervisor has them, too.
    PublishedListener gone = published("127.0.0.1:8080", 80);
    const UniqueFd kept_elsewhere = copy_of(gone.listener.get());
    std::vector<PublishedListener> both;
    both.push_back(std::move(gone));
    both.push_back(published("127.0.0.1:8081", 80));
    publisher->serve(std::move(both));
    const UniqueFd running = call("127.0.0.1:8080");
    const UniqueFd served = answer(first);
    ASSERT_TRUE(running && served);

    serve({"127.0.0.1:8081", 81, UniqueFd()});
    EXPECT_TRUE(becomes_refused("127.0.0.1:8080"));
    say(running, "still here");
    EXPECT_EQ(take(served), "still here");
    const UniqueFd client = call("127.0.0.1:8081");
    EXPECT_TRUE(answer(second)) << "the same listener leads elsewhere";

    PublishedListener again = published("127.0.0.1:8080", 81);
    again.inside = 81;
    serve(std::move(again));
    EXPECT_TRUE(becomes_refused("127.0.0.1:8081"));
    const UniqueFd anew = call("127.0.0.1:8080");
    EXPECT_TRUE(anew && answer(second));
    publisher->serve({});
    EXPECT_TRUE(becomes_refused("127.0.0.1:8080"));
}

TEST_F(PublisherTest, AListenerMayTakeTheTurnOfItsLike) {
    const UniqueFd server = listen(*inner, "127.0.0.1:80");
    PublishedListener one = published("127.0.0.1:8080", 80);
    PublishedListener same{"127.0.0.1:8080", 80, copy_of(one.listener.get())};
    serve(std::move(one));
    serve(std::move(same));
    for (int i = 0; i < 3; ++i) {
        const UniqueFd client = call("127.0.0.1:8080");
        EXPECT_TRUE(client && answer(server));
    }
}

TEST_F(PublisherTest, MoreConnectionsThanTheLimitWait) {
    start(2);
    const UniqueFd server = listen(*inner, "127.0.0.1:80");
    serve(published("127.0.0.1:8080", 80));
    std::array<UniqueFd, 3> clients;
    for (UniqueFd& each : clients)
        each = call("127.0.0.1:8080");
    UniqueFd first = answer(server);
    const UniqueFd second = answer(server);
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(answer(server, 200));
    say(clients[2], "early");
    first.reset();
    clients[0].reset();
    clients[1].reset();
    const UniqueFd third = answer(server);
    ASSERT_TRUE(third);
    EXPECT_EQ(take(third), "early");
}

// The sanitizer looks at memory by pipes of its own.
#ifndef __SANITIZE_ADDRESS__
TEST_F(PublisherTest, WithoutDescriptorsConnectionsWait) {
    const UniqueFd server = listen(*inner, "127.0.0.1:80");
    serve(published("127.0.0.1:8080", 80));
    EXPECT_TRUE(call("127.0.0.1:8080") && answer(server));
    const UniqueFd client = open_socket(AF_INET);
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    // poll(2) itself takes no more descriptors than the limit allows.
    const rlimit none{1, limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_TRUE(connect(client, "127.0.0.1:8080"));
    EXPECT_FALSE(is_readable(server.get(), 300));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    const UniqueFd served = answer(server);
    ASSERT_TRUE(served);
    say(client, "at last");
    EXPECT_EQ(take(served), "at last");
}
#endif

TEST_F(PublisherTest, LeavesTheListenersToOthers) {
    const UniqueFd server = listen(*inner, "127.0.0.1:80");
    PublishedListener one = published("127.0.0.1:8080", 80);
    const UniqueFd kept = copy_of(one.listener.get());
    serve(std::move(one));
    EXPECT_TRUE(call("127.0.0.1:8080") && answer(server));
    publisher.reset();
    const UniqueFd early = call("127.0.0.1:8080");
    ASSERT_TRUE(early) << "it waits for the next one";
    start(Publisher::connections_max);
    serve({"127.0.0.1:8080", 80, copy_of(kept.get())});
    EXPECT_TRUE(answer(server));
}

TEST_F(PublisherTest, ATakenPortIsToldWithItsCure) {
    const UniqueFd taken = listen(*host, "127.0.0.1:8080");
    const auto refused =
        host->run([] { return open_listener(*Endpoint::parse("127.0.0.1:8080")); });
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EADDRINUSE);
    EXPECT_EQ(refused.error().subject, "127.0.0.1:8080");
    EXPECT_NE(refused.error().hint.find("Publish"), std::string::npos);
    const auto elsewhere =
        host->run([] { return open_listener(*Endpoint::parse("192.0.2.1:8080")); });
    ASSERT_FALSE(elsewhere);
    EXPECT_EQ(elsewhere.error().code, EADDRNOTAVAIL);
}

TEST_F(PublisherTest, NeedsANamespace) {
    const UniqueFd none(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const auto refused = Publisher::start(copy_of(none.get()));
    ASSERT_FALSE(refused);
    EXPECT_STREQ(refused.error().operation, "setns");
}

}  // namespace
}  // namespace wgns
