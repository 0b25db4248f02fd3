#include "control/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "control/daemon.h"
#include "control/descriptor_name.h"
#include "control/process_id.h"
#include "control/socket_broker.h"
#include "control/spawn.h"

namespace wgns {

namespace {

constexpr BackOff::Milliseconds first_restart{100};
constexpr BackOff::Milliseconds restart_limit{5000};
constexpr std::chrono::seconds healthy_life{60};
constexpr std::chrono::milliseconds daemon_patience{2000};
constexpr off_t max_log_bytes = off_t{1} << 20;

Result<UniqueFd> take_over_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGCHLD})
        sigaddset(&set, signal);
    if (::sigprocmask(SIG_BLOCK, &set, nullptr) < 0) return Error{errno, "sigprocmask", "", ""};
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) return Error{errno, "signalfd", "", ""};
    return fd;
}

std::string describe_end(int wait_status) {
    if (WIFSIGNALED(wait_status))
        return fmt::format("the daemon was ended by signal {} ({})", WTERMSIG(wait_status),
                           ::strsignal(WTERMSIG(wait_status)));
    return fmt::format("the daemon ended with status {}", WEXITSTATUS(wait_status));
}

// Only a log file of ours is a regular file opened for appending.
void bound_log() {
    struct stat info {};
    if (::fstat(STDERR_FILENO, &info) < 0 || !S_ISREG(info.st_mode)) return;
    const bool appends = (::fcntl(STDERR_FILENO, F_GETFL) & O_APPEND) != 0;
    if (!appends || info.st_size < max_log_bytes) return;
    if (::ftruncate(STDERR_FILENO, 0) < 0) spdlog::warn("the log cannot be shortened");
}

}  // namespace

Supervisor::Supervisor(std::string instance, std::map<std::string, UniqueFd> descriptors)
    : instance_(std::move(instance)),
      descriptors_(std::move(descriptors)),
      back_off_(first_restart, restart_limit) {}

Supervisor::Ending Supervisor::run(int watched, const Calls& calls) {
    on_alive_ = calls.on_alive;
    alive_interval_ = calls.alive_interval;
    const auto signals = take_over_signals();
    if (!signals) return {Cause::failed, describe(signals.error())};
    const auto started = start_daemon();
    if (!started) return {Cause::failed, describe(started.error())};
    std::optional<Ending> ending;
    bool told_ready = false;
    while (!ending) {
        ending = wait_once(signals->get(), told_ready ? -1 : watched);
        if (was_ready_ && !told_ready) {
            told_ready = true;
            calls.on_ready();
        }
    }
    if (told_ready && ending->cause == Cause::told) calls.before_end();
    stop_daemon();
    return *ending;
}

Status Supervisor::start_daemon() {
    auto pair = DescriptorChannel::create_pair();
    if (!pair) return pair.error();
    SpawnOptions options;
    options.arguments = {"daemon", instance_};
    options.channel = pair->second.fd();
    options.ends_with_parent = true;
    const auto pid = spawn_self(options);
    if (!pid) return pid.error();
    daemon_.emplace(Daemon{*pid, std::move(pair->first), Clock::now()});
    channel_open_ = true;
    failure_.clear();
    std::map<std::string, int> lent;
    for (const auto& [name, fd] : descriptors_)
        lent[name] = fd.get();
    nlohmann::json body = nlohmann::json::object();
    if (alive_interval_.count() > 0) body[daemon_word::alive_interval_ms] = alive_interval_.count();
    return daemon_->channel.send(body, lent);
}

void Supervisor::stop_daemon() {
    if (!daemon_) return;
    if (const auto process = ProcessId::of(daemon_->pid)) {
        const auto ended = end_process(*process, daemon_patience);
        if (!ended) spdlog::error("{}: {}", instance_, describe(ended.error()));
    }
    ::waitpid(daemon_->pid, nullptr, WNOHANG);
    daemon_.reset();
}

int Supervisor::milliseconds_to_restart() const {
    if (daemon_) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(restart_at_ - Clock::now()).count();
    return static_cast<int>(std::max<long>(left, 0));
}

std::optional<Supervisor::Ending> Supervisor::wait_once(int signals, int watched) {
    const int channel = daemon_ && channel_open_ ? daemon_->channel.fd() : -1;
    std::array<pollfd, 3> polled{
        {{signals, POLLIN, 0}, {channel, POLLIN, 0}, {watched, POLLIN, 0}}};
    const int ready = ::poll(polled.data(), polled.size(), milliseconds_to_restart());
    if (ready < 0 && errno != EINTR) return Ending{Cause::failed, std::strerror(errno)};
    // The message first: a daemon says why before it ends.
    if (polled[1].revents != 0) take_message();
    if (polled[0].revents != 0)
        if (auto ending = take_signals(signals)) return ending;
    if (polled[2].revents != 0 && !was_ready_)
        return Ending{Cause::failed, "the command that started it is gone"};
    if (!daemon_ && Clock::now() >= restart_at_) {
        bound_log();
        const auto started = start_daemon();
        if (!started) {
            spdlog::error("{}: {}", instance_, describe(started.error()));
            stop_daemon();
            restart_at_ = Clock::now() + back_off_.next();
        }
    }
    return std::nullopt;
}

std::optional<Supervisor::Ending> Supervisor::take_signals(int signals) {
    signalfd_siginfo info{};
    while (::read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        if (info.ssi_signo != SIGCHLD) return Ending{};
        int wait_status = 0;
        if (daemon_ && ::waitpid(daemon_->pid, &wait_status, WNOHANG) == daemon_->pid)
            if (auto ending = daemon_ended(wait_status)) return ending;
    }
    return std::nullopt;
}

void Supervisor::take_message() {
    auto received = daemon_->channel.receive();
    if (!received || !*received) {
        channel_open_ = false;
        return;
    }
    const nlohmann::json& body = (*received)->body;
    if (body.contains(daemon_word::keep)) return keep(*std::move(*received));
    const auto ns = descriptors_.find(descriptor_name::socket_namespace);
    const int socket_namespace = ns == descriptors_.end() ? -1 : ns->second.get();
    if (answer_socket_request(daemon_->channel, **received, socket_namespace)) return;
    if (body.contains(daemon_word::alive) && on_alive_) on_alive_();
    if (body.contains(daemon_word::ready)) was_ready_ = true;
    if (body.contains(daemon_word::failed) && body[daemon_word::failed].is_string())
        failure_ = body[daemon_word::failed].get<std::string>();
}

void Supervisor::keep(DescriptorChannel::Message message) {
    for (auto& [name, fd] : message.descriptors)
        descriptors_[name] = std::move(fd);
}

std::optional<Supervisor::Ending> Supervisor::daemon_ended(int wait_status) {
    // Its last words may still wait in the channel.
    while (channel_open_)
        take_message();
    const auto life = Clock::now() - daemon_->started;
    daemon_.reset();
    std::string reason = failure_.empty() ? describe_end(wait_status) : failure_;
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == daemon_word::device_gone)
        return Ending{Cause::device_gone, "the network interface is gone"};
    if (!was_ready_) return Ending{Cause::failed, std::move(reason)};
    if (life >= healthy_life) back_off_.reset();
    const auto wait = back_off_.next();
    restart_at_ = Clock::now() + wait;
    spdlog::error("{}: {}; it is started again in {} ms", instance_, reason, wait.count());
    return std::nullopt;
}

}  // namespace wgns
