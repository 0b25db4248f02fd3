#include "control/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>

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

}  // namespace wgns
