#include "control/confined_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "control/failure.h"
#include "netns/user_namespace.h"

namespace wgns {

namespace {

constexpr int handed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM};
constexpr int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

int shell_status(int wait_status) {
    constexpr int signal_base = 128;
    return WIFSIGNALED(wait_status) ? signal_base + WTERMSIG(wait_status)
                                    : WEXITSTATUS(wait_status);
}

[[noreturn]] void end_with(const Failure& failure) {
    fmt::print(stderr, "wgns-user: {}\n", failure.line);
    ::_exit(failure.status);
}

// A shell that was the command had the terminal, and cannot give it back to a group that it does
// not see.
class Terminal {
public:
    Terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
        if (fd_ && ::tcgetpgrp(fd_.get()) != ::getpgrp()) fd_.reset();
    }
    ~Terminal() {
        if (!fd_ || ::tcgetpgrp(fd_.get()) == ::getpgrp()) return;
        sigset_t background;
        sigset_t before;
        sigemptyset(&background);
        sigaddset(&background, SIGTTOU);
        ::sigprocmask(SIG_BLOCK, &background, &before);
        ::tcsetpgrp(fd_.get(), ::getpgrp());
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

private:
    UniqueFd fd_;
};

// The process namespace's own, which only a process of it can mount.
Status renew_proc() {
    if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
        return Error{errno, "mount", "/proc",
                     "a container must show all of its /proc (podman: --security-opt unmask=ALL)"};
    return Done{};
}

// All of this runs in the first process, which ends instead of returning.
class FirstProcess {
public:
    FirstProcess(const ConfinedCommand& command, const CommandSignals& signals, UniqueFd orders)
        : command_(command), signals_(signals), orders_(std::move(orders)) {}

    [[noreturn]] void run() {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        auto done = enter(command_.place, RunAs{});
        if (done) done = renew_proc();
        if (!done) end_with({exit_status::exec_failed, "run: " + describe(done.error())});
        const auto events = signals_.open();
        if (!events) end_with({exit_status::exec_failed, "run: " + describe(events.error())});
        child_ = ::fork();
        if (child_ < 0) end_with({exit_status::exec_failed, "run: there is no process to be had"});
        if (child_ == 0) become_command();
        for (;;)
            wait_once(events->get());
    }

private:
    [[noreturn]] void become_command() const {
        signals_.restore();
        if (command_.has_no_capabilities) {
            const auto done = keep_capabilities_back();
            if (!done) end_with({exit_status::exec_failed, "run: " + describe(done.error())});
        }
        end_with(become(command_.place.instance, command_.run_as, command_.words));
    }

    void wait_once(int events) const {
        std::array<pollfd, 2> polled{{{events, POLLIN, 0}, {orders_.get(), POLLIN, 0}}};
        if (::poll(polled.data(), polled.size(), -1) < 0) return;
        if (polled[1].revents != 0) obey();
        // What is sent to this process is nobody's affair: the caller hands on what counts.
        signalfd_siginfo info{};
        if (polled[0].revents != 0) static_cast<void>(::read(events, &info, sizeof info) < 0);
        int wait_status = 0;
        for (pid_t ended = 0; (ended = ::waitpid(-1, &wait_status, WNOHANG)) > 0;)
            if (ended == child_) ::_exit(shell_status(wait_status));
    }

    void obey() const {
        unsigned char signal = 0;
        // Its end: nobody is left to run for.
        if (::read(orders_.get(), &signal, sizeof signal) != sizeof signal)
            ::_exit(exit_status::exec_failed);
        ::kill(child_, signal);
    }

    const ConfinedCommand& command_;
    const CommandSignals& signals_;
    UniqueFd orders_;
    pid_t child_ = -1;
};

// A fork whose child is the first process of a new namespace; what is forked later is not in it.
pid_t fork_into_namespace() {
    return static_cast<pid_t>(
        ::syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

// The caller's side.
class Waiting {
public:
    Waiting(pid_t first, UniqueFd orders) : first_(first), orders_(std::move(orders)) {}

    Result<int> until_the_end(int events, int watched) const {
        std::optional<int> status;
        while (!status) {
            std::array<pollfd, 2> polled{{{events, POLLIN, 0}, {watched, POLLIN, 0}}};
            if (::poll(polled.data(), polled.size(), -1) < 0) continue;
            // The command's end goes first: then nobody misses the tunnel.
            if (polled[0].revents != 0) status = take(events);
            if (status || polled[1].revents == 0) continue;
            ::kill(first_, SIGKILL);
            ::waitpid(first_, nullptr, 0);
            return Error{EPIPE, "run", "the command", "the tunnel is gone"};
        }
        return *status;
    }

private:
    [[nodiscard]] std::optional<int> take(int events) const {
        signalfd_siginfo info{};
        while (::read(events, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            // From a terminal: then the command has got it, too.
            const bool is_handed_on = info.ssi_signo != SIGCHLD && info.ssi_code != SI_KERNEL;
            const auto signal = static_cast<unsigned char>(info.ssi_signo);
            if (is_handed_on) static_cast<void>(::write(orders_.get(), &signal, sizeof signal) < 0);
        }
        int wait_status = 0;
        if (::waitpid(first_, &wait_status, WNOHANG) != first_) return std::nullopt;
        return shell_status(wait_status);
    }

    pid_t first_;
    UniqueFd orders_;
};

}  // namespace

CommandSignals::CommandSignals() {
    sigemptyset(&held_);
    sigaddset(&held_, SIGCHLD);
    for (const int signal : handed_on)
        sigaddset(&held_, signal);
    ::sigprocmask(SIG_BLOCK, &held_, &mask_before_);
    // Where they are ignored, nobody can wait for a child.
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &usual, &child_before_);
}

void CommandSignals::restore() const {
    ::sigaction(SIGCHLD, &child_before_, nullptr);
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

int CommandSignals::told_to_end() const {
    sigset_t pending;
    if (::sigpending(&pending) != 0) return 0;
    for (const int signal : ending) {
        // One that is held back is kept even where it is ignored, as by nohup(1).
        struct sigaction action {};
        ::sigaction(signal, nullptr, &action);
        if (action.sa_handler != SIG_IGN && sigismember(&pending, signal) == 1) return signal;
    }
    return 0;
}

Result<UniqueFd> CommandSignals::open() const {
    UniqueFd fd(::signalfd(-1, &held_, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) return Error{errno, "signalfd", "", ""};
    return fd;
}

Result<int> run_confined(const ConfinedCommand& command, const CommandSignals& signals,
                         int watched) {
    WG_ASSERT(!command.words.empty());
    const Terminal terminal;
    const auto events = signals.open();
    if (!events) return events.error();
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error{errno, "pipe2", "", ""};
    UniqueFd orders_in(ends[0]);
    UniqueFd orders_out(ends[1]);
    std::fflush(nullptr);
    const pid_t first = fork_into_namespace();
    if (first < 0) return Error{errno, "clone", "a process namespace", "this needs CAP_SYS_ADMIN"};
    if (first == 0) {
        orders_out.reset();
        FirstProcess(command, signals, std::move(orders_in)).run();
    }
    orders_in.reset();
    return Waiting(first, std::move(orders_out)).until_the_end(events->get(), watched);
}

}  // namespace wgns
