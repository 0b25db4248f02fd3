#include "control/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "control/passed_descriptors.h"

namespace wgns {

namespace {

// A number above zero, as systemd writes them.
std::optional<long long> number_in(const char* name) {
    const char* const text = std::getenv(name);
    if (text == nullptr) return std::nullopt;
    long long number = 0;
    const char* const end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, number);
    if (error != std::errc{} || stop != end || number <= 0) return std::nullopt;
    return number;
}

}  // namespace

void notify_service_manager(std::string_view state, std::span<const int> descriptors) {
    const char* name = std::getenv("NOTIFY_SOCKET");
    if (name == nullptr) return;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::size_t size = std::strlen(name);
    if (size == 0 || size >= sizeof address.sun_path) return;
    std::memcpy(address.sun_path, name, size);
    // "@" stands for the zero byte of an abstract address (unix(7)).
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
    const auto address_size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size);

    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return;
    iovec text{const_cast<char*>(state.data()), state.size()};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = address_size;
    message.msg_iov = &text;
    message.msg_iovlen = 1;
    PassedDescriptors passed;
    if (!descriptors.empty()) passed.attach(message, descriptors);
    [[maybe_unused]] const auto sent = ::sendmsg(fd.get(), &message, MSG_NOSIGNAL);
}

std::multimap<std::string, UniqueFd> take_passed_descriptors() {
    constexpr int first = 3;  // SD_LISTEN_FDS_START
    std::multimap<std::string, UniqueFd> passed;
    const auto count = number_in("LISTEN_FDS");
    if (count && number_in("LISTEN_PID") == ::getpid()) {
        const char* const listed = std::getenv("LISTEN_FDNAMES");
        std::string_view names = listed == nullptr ? "" : listed;
        for (int fd = first; fd - first < *count && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0; ++fd) {
            const std::string_view name = names.substr(0, names.find(':'));
            passed.emplace(name, UniqueFd(fd));
            names.remove_prefix(std::min(names.size(), name.size() + 1));
        }
    }
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
        ::unsetenv(name);
    return passed;
}

std::optional<std::chrono::milliseconds> watchdog_interval() {
    const auto period = number_in("WATCHDOG_USEC");
    const auto whose = number_in("WATCHDOG_PID");
    if (!period || (whose && *whose != ::getpid())) return std::nullopt;
    const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::microseconds(*period / 2));
    return std::max(half, std::chrono::milliseconds(1));
}

}  // namespace wgns
