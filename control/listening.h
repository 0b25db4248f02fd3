// What a listening socket that several processes have tells about itself.
#pragma once

#include <poll.h>

namespace wgns {

// Whether one of them has shut it down, so that nobody comes any more. accept(2) then says EINVAL,
// which may mean something else as well.
[[nodiscard]] inline bool is_shut(int listener) noexcept {
    pollfd polled{listener, 0, 0};
    return ::poll(&polled, 1, 0) == 1 && (polled.revents & (POLLHUP | POLLNVAL)) != 0;
}

}  // namespace wgns
