#include "control/background.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace wgns {

namespace {

// What the child says first; the line of a failure follows the second one.
constexpr char word_ready = 'r';
constexpr char word_failed = 'f';

void leave_input_and_output(const UniqueFd& nothing, bool keep_output) {
    if (!nothing) return;
    ::dup2(nothing.get(), STDIN_FILENO);
    if (keep_output) return;
    ::dup2(nothing.get(), STDOUT_FILENO);
    ::dup2(nothing.get(), STDERR_FILENO);
}

constexpr const char* calls_to_leave[] = {"dup2", "dup3"};

// A parent that is gone does not want to know.
void tell(UniqueFd& pipe, const std::string& words) {
    static_cast<void>(::write(pipe.get(), words.data(), words.size()) < 0);
    pipe.reset();
}

// To its end, or to the word that is all there is to know.
std::string hear(int pipe) {
    std::string heard;
    std::array<char, 1024> piece{};
    while (heard.empty() || heard.front() != word_ready) {
        const ssize_t size = ::read(pipe, piece.data(), piece.size());
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) break;
        heard.append(piece.data(), static_cast<std::size_t>(size));
    }
    return heard;
}

Failure failure_of(pid_t child, const std::string& heard) {
    int wait_status = 0;
    while (::waitpid(child, &wait_status, 0) < 0 && errno == EINTR) {
    }
    if (!heard.empty()) return {exit_status::failed, heard.substr(1)};
    if (WIFSIGNALED(wait_status))
        return {exit_status::failed,
                "the daemon was ended by signal " + std::to_string(WTERMSIG(wait_status))};
    return {exit_status::failed, "the daemon ended before it was ready"};
}

}  // namespace

std::span<const char* const> calls_of_background() noexcept {
    return calls_to_leave;
}

Result<Done, Failure> run_in_background(
    const std::function<Result<Done, Failure>(const Ready& ready)>& work) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return step_failed("daemon", Error{errno, "pipe2", "", ""});
    UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) return step_failed("daemon", Error{errno, "fork", "", ""});
    if (child > 0) {
        write_end.reset();
        const std::string heard = hear(read_end.get());
        if (heard.starts_with(word_ready)) return Done{};
        return failure_of(child, heard);
    }
    read_end.reset();
    ::setsid();
    // Now: the work may give up opening files.
    const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const auto outcome = work([&](bool keep_output) {
        leave_input_and_output(nothing, keep_output);
        tell(write_end, {word_ready});
    });
    if (!outcome && write_end) tell(write_end, word_failed + outcome.error().line);
    // Not the caller's clean-up, which is the caller's affair.
    std::_Exit(outcome ? exit_status::done : outcome.error().status);
}

}  // namespace wgns
