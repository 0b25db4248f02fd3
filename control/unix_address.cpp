#include "control/unix_address.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace wgns {

Result<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return Error{ENAMETOOLONG, "socket", path, ""};
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

}  // namespace wgns
