#include "control/process_id.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/read_file.h"
#include "base/unique_fd.h"

namespace wgns {

namespace {

constexpr std::chrono::milliseconds kill_patience{5000};

// Takes the next field, up to a space, off the front of `text`.
std::string_view take_field(std::string_view& text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return field;
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

int send_signal(int pidfd, int signal) {
    return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

// Whether the process ended in time. A pidfd becomes readable when its process ends.
bool wait_end(int pidfd, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd waited{pidfd, POLLIN, 0};
        const int ready = ::poll(&waited, 1, static_cast<int>(std::max(left.count(), 0L)));
        if (ready >= 0 || errno != EINTR) return ready > 0;
    }
}

}  // namespace

std::optional<std::uint64_t> parse_start_ticks(std::string_view stat) {
    const std::size_t name_end = stat.rfind(") ");
    if (name_end == std::string_view::npos) return std::nullopt;
    std::string_view rest = stat.substr(name_end + 2);
    const std::string_view state = take_field(rest);
    if (state == "Z" || state == "X") return std::nullopt;
    constexpr int fields_between = 18;  // ppid to itrealvalue
    for (int i = 0; i < fields_between; ++i)
        take_field(rest);
    return parse_number<std::uint64_t>(take_field(rest));
}

std::optional<ProcessId> ProcessId::of(pid_t pid) {
    if (pid <= 0) return std::nullopt;
    const auto ticks = parse_start_ticks(text_of_file("/proc/" + std::to_string(pid) + "/stat"));
    if (!ticks) return std::nullopt;
    return ProcessId{pid, *ticks};
}

std::optional<ProcessId> ProcessId::parse(std::string_view text) {
    while (!text.empty() && text.back() == '\n')
        text.remove_suffix(1);
    const auto pid = parse_number<pid_t>(take_field(text));
    const auto ticks = parse_number<std::uint64_t>(text);
    if (!pid || !ticks || *pid <= 0) return std::nullopt;
    return ProcessId{*pid, *ticks};
}

std::string ProcessId::to_string() const {
    return std::to_string(pid) + ' ' + std::to_string(start_ticks);
}

bool ProcessId::is_running() const {
    return of(pid) == *this;
}

Status end_process(const ProcessId& process, std::chrono::milliseconds patience) {
    const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
    if (!pidfd) {
        if (errno == ESRCH || !process.is_running()) return Done{};
        return Error{errno, "pidfd_open", process.to_string(), ""};
    }
    // Only now: from here on the descriptor means this very process.
    if (!process.is_running()) return Done{};
    for (const auto& [signal, wait] : {std::pair{SIGTERM, patience}, {SIGKILL, kill_patience}}) {
        if (send_signal(pidfd.get(), signal) < 0 && errno != ESRCH)
            return Error{errno, "pidfd_send_signal", process.to_string(), ""};
        if (wait_end(pidfd.get(), wait)) return Done{};
    }
    return Error{ETIMEDOUT, "SIGKILL", process.to_string(), "it waits inside the kernel"};
}

}  // namespace wgns
