#include "control/carried_connection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <string>
#include <utility>

#include "base/unique_fd.h"

namespace wgns {
namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20;

struct Pair {
    Pair() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()),
                  0);
        carried = UniqueFd(ends[0]);
        outer = UniqueFd(ends[1]);
    }
    UniqueFd carried, outer;
};

// Two programs, ends of a socket pair each, with the other ends carried to one another.
struct CarriedConnectionTest : testing::Test {
    boost::asio::io_context context;
    Pair one, other;
    int ended = 0;

    void SetUp() override {
        CarriedConnection::start(socket(std::move(one.carried)), socket(std::move(other.carried)),
                                 [this] { ++ended; });
    }
    StreamSocket socket(UniqueFd fd) {
        StreamSocket made(context);
        EXPECT_EQ(adopt(made, std::move(fd)), 0);
        return made;
    }
    // Until nothing is left to do at once.
    void settle() {
        while (context.poll() != 0) {
        }
    }
    // What the kernel takes of it, piece by piece, without anybody who reads at the other end.
    std::size_t fill(const UniqueFd& end, std::size_t most) {
        const std::string piece(16'384, 'x');
        std::size_t written = 0;
        for (;; settle()) {
            const ssize_t sent = ::send(end.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
            if (sent < 0 || written >= most) return written;
            written += static_cast<std::size_t>(sent);
        }
    }
    std::size_t drain(const UniqueFd& end) {
        std::size_t read = 0;
        std::array<char, 4096> bytes;
        for (;; settle()) {
            const ssize_t got = ::recv(end.get(), bytes.data(), bytes.size(), 0);
            if (got <= 0) return read;
            read += static_cast<std::size_t>(got);
        }
    }
    static std::string take(const UniqueFd& end) {
        std::array<char, 100> bytes;
        const ssize_t got = ::recv(end.get(), bytes.data(), bytes.size(), 0);
        if (got == 0) return "end";
        if (got < 0) return errno == EAGAIN ? "nothing" : "error";
        return {bytes.data(), static_cast<std::size_t>(got)};
    }
    static void say(const UniqueFd& end, const std::string& text) {
        EXPECT_EQ(::send(end.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
};

TEST_F(CarriedConnectionTest, CarriesBothWays) {
    say(one.outer, "there");
    say(other.outer, "back");
    settle();
    EXPECT_EQ(take(other.outer), "there");
    EXPECT_EQ(take(one.outer), "back");
    EXPECT_EQ(take(one.outer), "nothing");
    EXPECT_EQ(ended, 0);
}

TEST_F(CarriedConnectionTest, EachDirectionEndsOnItsOwn) {
    say(one.outer, "all of it");
    ::shutdown(one.outer.get(), SHUT_WR);
    settle();
    EXPECT_EQ(take(other.outer), "all of it");
    EXPECT_EQ(take(other.outer), "end");
    EXPECT_EQ(take(one.outer), "nothing");
    say(other.outer, "answer");
    settle();
    EXPECT_EQ(take(one.outer), "answer");
    EXPECT_EQ(ended, 0);
    ::shutdown(other.outer.get(), SHUT_WR);
    settle();
    EXPECT_EQ(take(one.outer), "end");
    EXPECT_EQ(ended, 1);
    EXPECT_TRUE(context.stopped()) << "nothing is under way any more";
}

TEST_F(CarriedConnectionTest, SomebodySlowHoldsTheOtherUp) {
    const std::size_t written = fill(one.outer, 64 * megabyte);
    EXPECT_LT(written, 8 * megabyte) << "what the kernel holds, and one buffer";
    // The other direction does not mind.
    say(other.outer, "back");
    settle();
    EXPECT_EQ(take(one.outer), "back");
    ::shutdown(one.outer.get(), SHUT_WR);
    EXPECT_EQ(drain(other.outer), written);
    EXPECT_EQ(take(other.outer), "end");
}

TEST_F(CarriedConnectionTest, WhoWaitsCostsNothing) {
    ASSERT_GT(fill(one.outer, 64 * megabyte), 0U);
    EXPECT_EQ(context.poll(), 0U) << "no busy loop";
    drain(other.outer);
    EXPECT_EQ(context.poll(), 0U);
}

TEST_F(CarriedConnectionTest, AnErrorOnOneSideEndsBoth) {
    other.outer.reset();
    say(one.outer, "to nobody");
    settle();
    EXPECT_EQ(ended, 1);
    EXPECT_TRUE(context.stopped());
    const std::string seen = take(one.outer);
    EXPECT_TRUE(seen == "end" || seen == "error") << seen;
}

// As when the kernel has no memory for it. Its place is free again, and the other end knows.
TEST_F(CarriedConnectionTest, WhatCannotBeWaitedForEndsBoth) {
    Pair broken, sound;
    StreamSocket lost = socket(std::move(broken.carried));
    ::close(lost.native_handle());
    CarriedConnection::start(std::move(lost), socket(std::move(sound.carried)),
                             [this] { ++ended; });
    settle();
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(take(sound.outer), "end");
}

TEST_F(CarriedConnectionTest, AnErrorEndsWhatWaits) {
    ASSERT_GT(fill(one.outer, 64 * megabyte), 0U);
    other.outer.reset();
    settle();
    EXPECT_EQ(ended, 1);
    EXPECT_TRUE(context.stopped());
}

}  // namespace
}  // namespace wgns
