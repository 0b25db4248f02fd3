#include "control/service_manager.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "tests/control/in_child.h"
#include "tests/control/temporary_folder.h"

namespace wgns {
namespace {

TEST(ServiceManager, GetsTheState) {
    const TemporaryFolder folder;
    const std::string path = (folder.path() / "notify").string();
    const UniqueFd listener(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    notify_service_manager("READY=1");
    ::unsetenv("NOTIFY_SOCKET");
    std::array<char, 32> got{};
    ASSERT_EQ(::recv(listener.get(), got.data(), got.size(), 0), 7);
    EXPECT_STREQ(got.data(), "READY=1");
}

// As systemd starts a service that it passes these to, from descriptor 3 on.
void pass(const std::vector<int>& descriptors, const char* names) {
    std::vector<int> moved;
    moved.reserve(descriptors.size());
    for (const int fd : descriptors)
        moved.push_back(::fcntl(fd, F_DUPFD, 100));
    for (std::size_t i = 0; i < moved.size(); ++i)
        ::dup2(moved[i], static_cast<int>(3 + i));
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(descriptors.size()).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names, 1);
}

TEST(ServiceManager, PassesDescriptorsByName) {
    EXPECT_EQ(child_status([] {
                  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
                  pass({null.get(), null.get(), null.get()}, "tun:other:tun");
                  const auto passed = take_passed_descriptors();
                  if (passed.count("tun") != 2 || passed.count("other") != 1) return false;
                  for (const auto& [name, fd] : passed)
                      if (::fcntl(fd.get(), F_GETFD) != FD_CLOEXEC) return false;
                  return std::getenv("LISTEN_FDS") == nullptr && take_passed_descriptors().empty();
              }),
              0);
}

TEST(ServiceManager, PassesNothingThatIsForAnotherOrNotThere) {
    EXPECT_EQ(child_status([] {
                  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
                  pass({null.get()}, "");
                  ::setenv("LISTEN_PID", "1", 1);
                  if (!take_passed_descriptors().empty()) return false;
                  pass({null.get()}, "");
                  ::setenv("LISTEN_FDS", "1000000", 1);
                  ::close_range(4, ~0U, 0);
                  return take_passed_descriptors().count("") == 1;
              }),
              0);
}

TEST(ServiceManager, IsNotNeeded) {
    ::unsetenv("NOTIFY_SOCKET");
    notify_service_manager("READY=1");
    ::setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
    notify_service_manager("READY=1");
    ::setenv("NOTIFY_SOCKET", std::string(200, 'x').c_str(), 1);
    notify_service_manager("READY=1");
    ::unsetenv("NOTIFY_SOCKET");
}

TEST(ServiceManager, TheWatchdogIsFedTwiceAPeriodByWhomItIsFor) {
    const struct {
        const char* period;
        std::string whose;  // empty: it does not say
        std::optional<std::chrono::milliseconds> interval;
    } rows[] = {
        /* 1 */ {"30000000", "", std::chrono::milliseconds(15000)},
        /* 2 */ {"30000000", std::to_string(::getpid()), std::chrono::milliseconds(15000)},
        /* 3 */ {"30000000", "1", std::nullopt},
        /* 4 */ {"0", "", std::nullopt},
        /* 5 */ {"soon", "", std::nullopt},
        /* 6 */ {"1", "", std::chrono::milliseconds(1)},
    };
    for (const auto& row : rows) {
        ::setenv("WATCHDOG_USEC", row.period, 1);
        ::setenv("WATCHDOG_PID", row.whose.c_str(), 1);
        if (row.whose.empty()) ::unsetenv("WATCHDOG_PID");
        EXPECT_EQ(watchdog_interval(), row.interval) << row.period << " " << row.whose;
    }
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
    EXPECT_FALSE(watchdog_interval());
}

}  // namespace
}  // namespace wgns
