#include "control/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace wgns {

namespace {

constexpr int exec_failed = 127;

// dup2 keeps close-on-exec when both numbers are the same, so the flag is cleared in that case.
bool place(int from, int to) {
    if (from == to) return ::fcntl(to, F_SETFD, 0) == 0;
    return ::dup2(from, to) >= 0;
}

bool reset_signals() {
    sigset_t none;
    sigemptyset(&none);
    struct sigaction ignored_before {};
    ignored_before.sa_handler = SIG_DFL;
    ::sigaction(SIGPIPE, &ignored_before, nullptr);
    return ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
}

bool leave_terminal() {
    const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return ::setsid() >= 0 && ::chdir("/") == 0 && nothing && place(nothing.get(), STDIN_FILENO);
}

// Runs in the child only. Any failure ends it; the parent sees that as the end of the channel.
[[noreturn]] void become(const SpawnOptions& options, char* const* argv, pid_t parent) {
    bool ready = reset_signals();
    if (options.ends_with_parent)
        ready = ready && ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
    if (options.own_session) ready = ready && leave_terminal();
    if (options.output >= 0)
        ready =
            ready && place(options.output, STDOUT_FILENO) && place(options.output, STDERR_FILENO);
    ready = ready && place(options.channel, role_channel_fd);
    if (ready) ::execv("/proc/self/exe", argv);
    ::_exit(exec_failed);
}

}  // namespace

Result<pid_t> spawn_self(const SpawnOptions& options) {
    std::string program = "wgns-user";
    std::vector<std::string> arguments = options.arguments;
    std::vector<char*> argv{program.data()};
    for (std::string& argument : arguments)
        argv.push_back(argument.data());
    argv.push_back(nullptr);

    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return Error{errno, "fork", options.arguments.front(), ""};
    if (child == 0) become(options, argv.data(), parent);
    return child;
}

}  // namespace wgns
