// Waiting that Ctrl-C ends. SIGINT, SIGTERM and SIGHUP are held back while this exists, so that the
// program is never torn apart before it has taken away what it made.
#pragma once

#include <chrono>
#include <csignal>

#include "base/unique_fd.h"

namespace wgns::bench {

using SteadyTime = std::chrono::steady_clock::time_point;

class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    enum class Woken { ready, late, interrupted };
    // Until `fd` can be read or has lost its other end, or it is time.
    [[nodiscard]] Woken wait(int fd, SteadyTime deadline) const noexcept;
    // Once a signal came, always.
    [[nodiscard]] bool came() const noexcept;

private:
    sigset_t set_{};
    sigset_t before_{};
    UniqueFd events_;
};

}  // namespace wgns::bench
