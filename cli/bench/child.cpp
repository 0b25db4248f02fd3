#include "cli/bench/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

namespace wgns::bench {

using nlohmann::json;

Failure failed(std::string line) {
    return {exit_status::failed, "bench: " + std::move(line)};
}

Failure failed(const std::string& step, const Error& error) {
    return failed(step + ": " + describe(error));
}

Failure interrupted() {
    return failed("interrupted; everything that it made is gone");
}

json error_json(const std::string& line) {
    return {{"error", line}};
}

bool end_with(pid_t parent) noexcept {
    // The parent may have ended before the kernel was asked.
    return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
}

Result<Child, Failure> Child::start(std::function<void(Channel&)> work) {
    auto ends = Channel::make();
    if (!ends) return failed("a process of its own", ends.error());
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return failed("a process of its own", Error{errno, "fork", "", ""});
    if (pid > 0) {
        ends->second.let_go();
        return Child(std::move(ends->first), pid, "");
    }
    if (end_with(parent)) {
        try {
            work(ends->second);
        } catch (const std::exception& error) {
            static_cast<void>(ends->second.send(error_json(error.what())));
        }
    }
    // Whatever else there is in this copy of the program is the parent's affair.
    ::_exit(0);
}

Child::Child(Child&& other) noexcept
    : channel_(std::move(other.channel_)),
      pid_(std::exchange(other.pid_, -1)),
      far_(std::move(other.far_)) {}

Child::~Child() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    reap();
}

void Child::dismiss() noexcept {
    channel_.close();
    reap();
}

void Child::reap() noexcept {
    while (pid_ > 0 && ::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR)
        continue;
    pid_ = -1;
}

Result<json, Failure> Child::hear(const Interrupt& interrupt, SteadyTime deadline) {
    switch (interrupt.wait(channel_.fd(), deadline)) {
        case Interrupt::Woken::interrupted:
            return interrupted();
        case Interrupt::Woken::late:
            return failed(far_.empty() ? "no answer from a process of its own in time"
                                       : far_ + " does not answer any more");
        case Interrupt::Woken::ready:
            break;
    }
    auto value = channel_.receive();
    if (!value)
        return failed(far_.empty() ? "a process of its own ended early"
                                   : "lost the connection to " + far_ + "; is it still there?");
    if (value->is_object() && value->contains("error"))
        return failed((far_.empty() ? "" : far_ + ": ") + value->at("error").get<std::string>());
    return *std::move(value);
}

}  // namespace wgns::bench
