// Keeps a command in one piece.
#pragma once

#include <csignal>
#include <ctime>

namespace wgns {

// Holds SIGINT and SIGTERM back, so that a command is never torn apart between two steps.
class HeldSignals {
public:
    HeldSignals() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGTERM);
        ::sigprocmask(SIG_BLOCK, &set_, nullptr);
    }
    // What comes so late has nothing left to end.
    ~HeldSignals() {
        static_cast<void>(came());
        ::sigprocmask(SIG_UNBLOCK, &set_, nullptr);
    }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;

    // Takes those that came.
    [[nodiscard]] bool came() const {
        const timespec no_wait{};
        bool any = false;
        while (::sigtimedwait(&set_, nullptr, &no_wait) > 0)
            any = true;
        return any;
    }

private:
    sigset_t set_{};
};

// Whether one that is held back, by whomever, waits to be taken.
[[nodiscard]] inline bool is_told_to_end() {
    sigset_t pending;
    return ::sigpending(&pending) == 0 &&
           (::sigismember(&pending, SIGINT) == 1 || ::sigismember(&pending, SIGTERM) == 1);
}

}  // namespace wgns
