#include "control/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/unique_fd.h"

namespace wgns {

void notify_service_manager(std::string_view state) {
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
    [[maybe_unused]] const auto sent =
        ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), address_size);
}

std::optional<std::chrono::milliseconds> watchdog_interval() {
    const auto number_in = [](const char* name) -> std::optional<long long> {
        const char* const text = std::getenv(name);
        if (text == nullptr) return std::nullopt;
        long long number = 0;
        const char* const end = text + std::strlen(text);
        const auto [stop, error] = std::from_chars(text, end, number);
        if (error != std::errc{} || stop != end || number <= 0) return std::nullopt;
        return number;
    };
    const auto period = number_in("WATCHDOG_USEC");
    const auto whose = number_in("WATCHDOG_PID");
    if (!period || (whose && *whose != ::getpid())) return std::nullopt;
    const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::microseconds(*period / 2));
    return std::max(half, std::chrono::milliseconds(1));
}

}  // namespace wgns
