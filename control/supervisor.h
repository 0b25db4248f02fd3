// Keeps the descriptors of an instance and a daemon that works on them. It reads nothing that comes
// from the network, so that what holds root has little to go wrong. One thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/back_off.h"
#include "control/descriptor_channel.h"

namespace wgns {

// What a daemon tells its supervisor over the channel, and how it ends.
namespace daemon_word {
// The supervisor's own, with the descriptors: {"alive_interval_ms": 5000}; may be missing.
inline constexpr const char* alive_interval_ms = "alive_interval_ms";
inline constexpr const char* ready = "ready";    // {"ready": true}: packets can flow
inline constexpr const char* failed = "failed";  // {"failed": "why"}: it ends
inline constexpr const char* keep = "keep";    // {"keep": true}: the descriptors that come with it
inline constexpr const char* alive = "alive";  // {"alive": true}: every so often, if asked for
inline constexpr int device_gone = 4;          // exit status: the TUN was taken from it
}  // namespace daemon_word

class Supervisor {
public:
    enum class Cause { told, failed, device_gone };
    struct Ending {
        Cause cause = Cause::told;
        std::string reason;  // for people; empty when told to end
    };

    // `descriptors` go to every daemon, under their names.
    Supervisor(std::string instance, std::map<std::string, UniqueFd> descriptors);

    struct Calls {
        std::function<void()> on_ready;    // once
        std::function<void()> before_end;  // once told to end, while the daemon still runs
        // Called so often as long as the daemon's control thread works; 0: never.
        std::function<void()> on_alive = {};
        std::chrono::milliseconds alive_interval{0};
    };
    // Starts the daemon and keeps one running, until SIGTERM, SIGINT, the end of `watched` before
    // the daemon was ready (-1: none), a daemon that never became ready, or a device that is gone.
    // A daemon that ends later is started again: after 100 ms, doubling to 5 s, and from 100 ms
    // again once one has lived for a minute. On return no daemon runs.
    //
    // A running daemon may give descriptors to keep for the next one: they take the places of those
    // with their names.
    Ending run(int watched, const Calls& calls);

private:
    using Clock = std::chrono::steady_clock;
    struct Daemon {
        pid_t pid;
        DescriptorChannel channel;
        Clock::time_point started;
    };

    Status start_daemon();
    void stop_daemon();
    [[nodiscard]] std::optional<Ending> wait_once(int signals, int watched);
    [[nodiscard]] std::optional<Ending> take_signals(int signals);
    void take_message();
    void keep(DescriptorChannel::Message message);
    [[nodiscard]] std::optional<Ending> daemon_ended(int wait_status);
    [[nodiscard]] int milliseconds_to_restart() const;

    std::string instance_;
    std::map<std::string, UniqueFd> descriptors_;
    std::optional<Daemon> daemon_;
    BackOff back_off_;
    Clock::time_point restart_at_;
    bool was_ready_ = false;
    bool channel_open_ = false;
    std::string failure_;  // what the daemon said last
    std::function<void()> on_alive_;
    std::chrono::milliseconds alive_interval_{0};
};

}  // namespace wgns
