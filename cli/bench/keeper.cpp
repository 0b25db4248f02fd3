#include "cli/bench/keeper.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "cli/bench/child.h"
#include "cli/bench/network.h"
#include "cli/bench/process_usage.h"
#include "cli/bench/uapi_client.h"
#include "netns/addressing.h"
#include "netns/link.h"

namespace wgns::bench {

using nlohmann::json;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds ready_within{5};
constexpr std::chrono::seconds version_within{2};

// Nothing of what is meant for one interface of the caller's, and the word without which some
// implementations refuse where the kernel might have its own.
void prepare_environment() {
    std::vector<std::string> names;
    for (char** each = environ; *each != nullptr; ++each)
        if (std::string_view(*each).starts_with("WG_"))
            names.push_back(std::string(*each, std::string_view(*each).find('=')));
    for (const std::string& name : names)
        ::unsetenv(name.c_str());
    ::setenv("WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD", "1", 1);
}

// The end of what was written to a file.
std::string end_of(int file) {
    constexpr off_t enough = 4096;
    const off_t size = ::lseek(file, 0, SEEK_END);
    std::string text(static_cast<std::size_t>(std::min(std::max<off_t>(size, 0), enough)), '\0');
    const ssize_t got =
        ::pread(file, text.data(), text.size(), size - static_cast<off_t>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return text;
}

// The last line that says something, fit to be shown.
std::string last_line(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\r'))
        text.pop_back();
    text.erase(0, text.rfind('\n') + 1);
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
    return text;
}

[[noreturn]] void become(const std::string& command, const std::string& interface, int output) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (::dup2(nothing.get(), STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 ||
        ::dup2(output, STDERR_FILENO) < 0)
        ::_exit(exit_status::exec_failed);
    if (command.empty())
        ::execl("/proc/self/exe", "wgns-user", interface.c_str(), nullptr);
    else
        ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(exit_status::not_found);
}

struct Started {
    pid_t pid = -1;
    UniqueFd output;
};

Started start(const std::string& command, const std::string& interface) {
    Started started;
    started.output.reset(::memfd_create("output", MFD_CLOEXEC));
    started.pid = ::fork();
    if (started.pid == 0) become(command, interface, started.output.get());
    return started;
}

// Its status as waitpid(2) has it, once it has ended.
std::optional<int> status_of(pid_t pid) {
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
    return status;
}

std::string print_end(int status) {
    return WIFSIGNALED(status) ? fmt::format("died of signal {}", WTERMSIG(status))
                               : fmt::format("ended with status {}", WEXITSTATUS(status));
}

// What the user asked for, as a line of JSON that ends the program.
json complaint(const std::string& command, const std::string& what, const Started& started) {
    const std::string told = last_line(end_of(started.output.get()));
    return error_json(fmt::format("{}: {}{}", command.empty() ? "wgns-user" : command, what,
                                  told.empty() ? "; it said nothing" : "; it said: " + told));
}

Status bring_up(const std::string& name, const std::string& address) {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    const auto link = find_link(*netlink, name);
    if (!link) return link.error();
    auto done = add_address(*netlink, *link, *IpPrefix::parse(address));
    if (done) done = set_link_mtu(*netlink, *link, tunnel_mtu);
    if (done) done = set_link_up(*netlink, *link);
    return done;
}

}  // namespace

void Keeper::serve() {
    prepare_environment();
    if (!channel_.send({{"ready", true}})) return;
    while (const auto order = channel_.receive())
        if (!channel_.send(carry_out(*order))) return;
}

json Keeper::carry_out(const json& order) {
    if (order.contains("launch")) {
        interface_ = order.at("interface").get<std::string>();
        return launch(order.at("launch").get<std::string>());
    }
    if (order.contains("configure"))
        return configure(order.at("configure").get<std::string>(),
                         order.at("address").get<std::string>());
    if (order.contains("set")) return set(order.at("set").get<std::string>());
    if (order.contains("first_line_of"))
        return first_line_of(order.at("first_line_of").get<std::string>());
    const ProcessUsage usage = usage_of_others();
    return {{"cpu_seconds", usage.cpu_seconds}, {"peak_resident_mib", usage.peak_resident_mib}};
}

// It is ready when it answers, whether it stays in the foreground or not.
json Keeper::launch(const std::string& command) {
    const Started started = start(command, interface_);
    const auto deadline = steady_clock::now() + ready_within;
    while (!uapi_answers(interface_)) {
        const auto ended = status_of(started.pid);
        if (ended && *ended != 0) return complaint(command, print_end(*ended), started);
        if (steady_clock::now() > deadline)
            return complaint(command,
                             fmt::format("not ready within {} s (no answer at {})",
                                         ready_within.count(), uapi_path(interface_)),
                             started);
        // Nothing is said to this process while it works, so this is its end.
        if (channel_.wait(1)) return {};
    }
    return json::object();
}

json Keeper::configure(const std::string& uapi, const std::string& address) {
    auto done = uapi_set(interface_, uapi);
    if (done) done = bring_up(interface_, address);
    if (!done) return error_json("the tunnel: " + describe(done.error()));
    return json::object();
}

json Keeper::set(const std::string& uapi) const {
    const auto done = uapi_set(interface_, uapi);
    return done ? json::object() : error_json("more peers: " + describe(done.error()));
}

json Keeper::first_line_of(const std::string& command) const {
    const Started started = start(command, "");
    const auto deadline = steady_clock::now() + version_within;
    std::optional<int> status;
    while (!status && steady_clock::now() < deadline && !channel_.wait(1))
        status = status_of(started.pid);
    if (!status) ::kill(started.pid, SIGKILL);
    if (status != 0) return {{"line", ""}};
    std::string text = end_of(started.output.get());
    text.erase(std::min(text.find('\n'), text.size()));
    return {{"line", last_line(std::move(text))}};
}

}  // namespace wgns::bench
