// A network namespace without a name for one test: nothing of it is ever seen on the host, and it
// is gone with its last descriptor. These programs prove the kernel alone, so they use none of our
// own code.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>

#include "base/unique_fd.h"

#define WGNS_SKIP_UNLESS_ROOT() \
    if (::geteuid() != 0) GTEST_SKIP() << "network namespaces and TUN devices need root"

namespace wgns::platform {

inline ino_t inode_of(int fd) {
    struct stat file {};
    EXPECT_EQ(::fstat(fd, &file), 0) << std::strerror(errno);
    return file.st_ino;
}

inline UniqueFd own_network() {
    return UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

class PrivateNetwork {
public:
    PrivateNetwork() {
        std::thread([this] {
            EXPECT_EQ(::unshare(CLONE_NEWNET), 0) << std::strerror(errno);
            fd_ = own_network();
        }).join();
    }
    [[nodiscard]] ino_t identity() const { return inode_of(fd_.get()); }

    // Runs fn on a thread of its own that is inside, and returns when that thread has ended.
    template <class Fn>
    void run(Fn fn) const {
        std::thread([&] {
            ASSERT_EQ(::setns(fd_.get(), CLONE_NEWNET), 0) << std::strerror(errno);
            fn();
        }).join();
    }

private:
    UniqueFd fd_;
};

inline ifreq request_for(const std::string& name) {
    ifreq request{};
    std::memcpy(request.ifr_name, name.data(), name.size());
    return request;
}

// Here and in the functions below, "here" is the calling thread's namespace.
inline UniqueFd open_tun_here(const std::string& name, int more_flags = 0) {
    UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ifreq request = request_for(name);
    request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | more_flags);
    EXPECT_EQ(::ioctl(fd.get(), TUNSETIFF, &request), 0) << std::strerror(errno);
    return fd;
}

inline UniqueFd udp_socket_here() {
    return UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

inline sockaddr_in ipv4(const char* address, std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    EXPECT_EQ(::inet_pton(AF_INET, address, &out.sin_addr), 1);
    return out;
}

inline void set_up_here(const std::string& name) {
    const UniqueFd any = udp_socket_here();
    ifreq request = request_for(name);
    ASSERT_EQ(::ioctl(any.get(), SIOCGIFFLAGS, &request), 0) << std::strerror(errno);
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    ASSERT_EQ(::ioctl(any.get(), SIOCSIFFLAGS, &request), 0) << std::strerror(errno);
}

// Gives the interface the address with a /24, up.
inline void configure_here(const std::string& name, const char* address) {
    const UniqueFd any = udp_socket_here();
    ifreq request = request_for(name);
    const sockaddr_in own = ipv4(address, 0);
    std::memcpy(&request.ifr_addr, &own, sizeof own);
    ASSERT_EQ(::ioctl(any.get(), SIOCSIFADDR, &request), 0) << std::strerror(errno);
    const sockaddr_in mask = ipv4("255.255.255.0", 0);
    std::memcpy(&request.ifr_netmask, &mask, sizeof mask);
    ASSERT_EQ(::ioctl(any.get(), SIOCSIFNETMASK, &request), 0) << std::strerror(errno);
    set_up_here(name);
}

}  // namespace wgns::platform
