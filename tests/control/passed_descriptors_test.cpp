#include "control/passed_descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace wgns {
namespace {

TEST(PassedDescriptors, AsManyAsTheKernelTakesArrive) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    const UniqueFd one(ends[0]);
    const UniqueFd other(ends[1]);
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, PassedDescriptors::count_max}) {
        const std::vector<int> sent(count, one.get());
        char byte = 'x';
        iovec part{&byte, 1};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        PassedDescriptors passed;
        passed.attach(message, sent);
        ASSERT_EQ(::sendmsg(one.get(), &message, 0), 1) << count;
        PassedDescriptors received;
        msghdr answer{};
        answer.msg_iov = &part;
        answer.msg_iovlen = 1;
        received.make_room(answer);
        ASSERT_EQ(::recvmsg(other.get(), &answer, MSG_CMSG_CLOEXEC), 1) << count;
        EXPECT_EQ(PassedDescriptors::take(answer).size(), count);
    }
}

}  // namespace
}  // namespace wgns
