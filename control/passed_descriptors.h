// Descriptors that travel with a message over a UNIX socket (unix(7), SCM_RIGHTS).
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "base/unique_fd.h"

namespace wgns {

class PassedDescriptors {
public:
    static constexpr std::size_t count_max = 253;  // SCM_MAX_FD, include/net/scm.h

    // For sending: the message carries them. At most count_max; this outlives the call.
    void attach(msghdr& message, std::span<const int> descriptors) noexcept;
    // For receiving: the message has room for any number of them, until take().
    void make_room(msghdr& message) noexcept;
    // Owns what came, so that a message that is refused leaves nothing open. Whoever receives asks
    // for MSG_CMSG_CLOEXEC.
    [[nodiscard]] static std::vector<UniqueFd> take(msghdr& message);

private:
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * count_max)> buffer_{};
};

}  // namespace wgns
