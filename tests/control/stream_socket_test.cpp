#include "control/stream_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cerrno>

namespace wgns {
namespace {

TEST(StreamSocket, adopts_what_it_can_watch) {
    boost::asio::io_context context;
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const UniqueFd other(ends[1]);
    StreamSocket socket(context);
    ASSERT_EQ(adopt(socket, UniqueFd(ends[0])), 0);
    EXPECT_EQ(socket.native_handle(), ends[0]);
    ASSERT_EQ(::send(other.get(), "x", 1, 0), 1);
    char got = 0;
    EXPECT_EQ(socket.receive(boost::asio::buffer(&got, 1)), 1u);
    EXPECT_EQ(got, 'x');
}

TEST(StreamSocket, stays_closed_without_what_it_can_watch) {
    boost::asio::io_context context;
    StreamSocket socket(context);
    EXPECT_EQ(adopt(socket, UniqueFd()), EBADF);
    EXPECT_FALSE(socket.is_open());
}

}  // namespace
}  // namespace wgns
