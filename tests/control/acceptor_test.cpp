#include "control/acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

namespace wgns {
namespace {

using std::chrono_literals::operator""ms;
using Stream = boost::asio::generic::stream_protocol;

UniqueFd listening(int family) {
    UniqueFd listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_TRUE(listener);
    sockaddr_un unnamed{};
    unnamed.sun_family = AF_UNIX;
    // Of TCP, the kernel chooses the address.
    if (family == AF_UNIX) {
        EXPECT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&unnamed),
                         sizeof unnamed.sun_family),
                  0);
    }
    EXPECT_EQ(::listen(listener.get(), 8), 0);
    return listener;
}

UniqueFd duplicate(const UniqueFd& fd) {
    return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

struct AcceptorTest : testing::Test {
    boost::asio::io_context context;
    UniqueFd listener = listening(AF_UNIX);
    std::vector<StreamSocket> taken;
    std::vector<int> told;
    std::optional<Acceptor> acceptor;

    void make() {
        acceptor.emplace(
            context, duplicate(listener),
            [this](StreamSocket connection) { taken.push_back(std::move(connection)); },
            [this](const Error& error) { told.push_back(error.code); });
    }
    UniqueFd connect() const {
        sockaddr_storage address{};
        socklen_t length = sizeof address;
        EXPECT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
        UniqueFd fd(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
            return UniqueFd();
        return fd;
    }
    // Until nothing is left to do at once.
    void settle() {
        while (context.poll() != 0) {
        }
        context.restart();
    }
};

TEST_F(AcceptorTest, takes_all_who_come_after_start) {
    make();
    const UniqueFd one = connect(), two = connect();
    settle();
    EXPECT_TRUE(taken.empty());
    acceptor->start();
    acceptor->start();
    settle();
    ASSERT_EQ(taken.size(), 2u);
    EXPECT_NE(::fcntl(taken[0].native_handle(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(taken[0].native_handle(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_TRUE(told.empty());
}

TEST_F(AcceptorTest, takes_nobody_between_stop_and_start) {
    make();
    acceptor->start();
    settle();
    acceptor->stop();
    const UniqueFd one = connect();
    settle();
    EXPECT_TRUE(taken.empty());
    acceptor->start();
    settle();
    EXPECT_EQ(taken.size(), 1u);
}

TEST_F(AcceptorTest, may_be_stopped_and_destroyed_by_whom_it_gives_to) {
    for (const bool is_destroyed : {false, true}) {
        SCOPED_TRACE(is_destroyed);
        taken.clear();
        acceptor.emplace(context, duplicate(listener), [&](StreamSocket connection) {
            taken.push_back(std::move(connection));
            is_destroyed ? acceptor.reset() : acceptor->stop();
        });
        acceptor->start();
        const UniqueFd one = connect(), two = connect();
        settle();
        EXPECT_EQ(taken.size(), 1u);
        make();
        acceptor->start();
        settle();
        EXPECT_EQ(taken.size(), 2u);
        acceptor.reset();
        settle();
    }
}

TEST_F(AcceptorTest, closes_its_listener_when_it_is_gone) {
    make();
    acceptor->start();
    settle();
    acceptor.reset();
    settle();
    listener = UniqueFd();
    make();  // of no descriptor at all, which only tells
    acceptor->start();
    EXPECT_EQ(told, std::vector<int>{EBADF});
}

TEST_F(AcceptorTest, tells_once_of_missing_descriptors_and_goes_on) {
    make();
    acceptor->start();
    settle();
    const UniqueFd one = connect();
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit none{0, limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    context.run_for(2 * Acceptor::pause);
    const std::vector<int> so_far = told;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(so_far, std::vector<int>{EMFILE});
    EXPECT_TRUE(taken.empty());
    const auto deadline = std::chrono::steady_clock::now() + 5'000ms;
    while (taken.empty() && std::chrono::steady_clock::now() < deadline)
        context.run_for(10ms);
    EXPECT_EQ(taken.size(), 1u);
    EXPECT_EQ(told.size(), 1u);
}

TEST_F(AcceptorTest, ends_when_whoever_has_the_socket_shuts_it) {
    for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
        SCOPED_TRACE(family);
        listener = listening(family);
        make();
        acceptor->start();
        settle();
        const UniqueFd other = duplicate(listener);
        ASSERT_EQ(::shutdown(other.get(), SHUT_RDWR), 0);
        settle();
        EXPECT_TRUE(told.empty());
        EXPECT_FALSE(connect());
        listener = listening(family);
        make();
        acceptor->shut();
        EXPECT_FALSE(connect());
    }
}

}  // namespace
}  // namespace wgns
