#include "cli/bench/interrupt.h"

#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

namespace wgns::bench {

namespace chrono = std::chrono;

Interrupt::Interrupt() {
    sigemptyset(&set_);
    for (const int each : {SIGINT, SIGTERM, SIGHUP})
        sigaddset(&set_, each);
    ::sigprocmask(SIG_BLOCK, &set_, &before_);
    events_.reset(::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
}

// What came has had its effect.
Interrupt::~Interrupt() {
    const timespec no_wait{};
    while (::sigtimedwait(&set_, nullptr, &no_wait) > 0)
        continue;
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

// The signal stays pending, because it is never read: a descriptor that was ready once stays so.
bool Interrupt::came() const noexcept {
    pollfd one{events_.get(), POLLIN, 0};
    return ::poll(&one, 1, 0) > 0;
}

Interrupt::Woken Interrupt::wait(int fd, SteadyTime deadline) const noexcept {
    for (;;) {
        const auto left =
            chrono::ceil<chrono::milliseconds>(deadline - chrono::steady_clock::now()).count();
        std::array<pollfd, 2> both{pollfd{fd, POLLIN, 0}, pollfd{events_.get(), POLLIN, 0}};
        const int ready = ::poll(both.data(), both.size(), static_cast<int>(std::max(left, 0L)));
        if (both[1].revents != 0) return Woken::interrupted;
        if (both[0].revents != 0) return Woken::ready;
        if (ready == 0 && left <= 0) return Woken::late;
    }
}

}  // namespace wgns::bench
