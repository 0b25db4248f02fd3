#include "control/listening.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace wgns {
namespace {

TEST(is_shut, by_whoever_has_it_too) {
    for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
        SCOPED_TRACE(family);
        const UniqueFd listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_TRUE(listener);
        sockaddr_un unnamed{};
        unnamed.sun_family = AF_UNIX;
        // Of TCP, the kernel chooses the address.
        if (family == AF_UNIX) {
            ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&unnamed),
                             sizeof unnamed.sun_family),
                      0);
        }
        ASSERT_EQ(::listen(listener.get(), 1), 0);
        EXPECT_FALSE(is_shut(listener.get()));
        const UniqueFd other(::dup(listener.get()));
        ASSERT_EQ(::shutdown(other.get(), SHUT_RDWR), 0);
        EXPECT_TRUE(is_shut(listener.get()));
    }
    EXPECT_TRUE(is_shut(987));
}

}  // namespace
}  // namespace wgns
