// A process of ours beside the one that measures: forked, talked with over a channel, and never
// left behind, because it is killed when its parent ends in whatever way. One at another host is
// talked with in the same way, and ends with its connection.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "cli/bench/channel.h"
#include "cli/bench/interrupt.h"
#include "control/failure.h"

namespace wgns::bench {

// What cannot go on: one line, which is given to the user.
[[nodiscard]] Failure failed(std::string line);
[[nodiscard]] Failure failed(const std::string& step, const Error& error);
[[nodiscard]] Failure interrupted();

class Child {
public:
    // Runs `work` in a new process, which ends when it returns. An exception ends it as well. Call
    // it from a program of one thread.
    [[nodiscard]] static Result<Child, Failure> start(std::function<void(Channel&)> work);

    // At the other end of a connection; `name` is what the user calls that end.
    [[nodiscard]] static Child at(std::string name, Channel connection) noexcept {
        return {std::move(connection), -1, std::move(name)};
    }

    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    // Kills it, and returns when it is gone.
    ~Child();

    // For one that ends by itself when its channel does: closes it, and returns when it is gone.
    void dismiss() noexcept;

    [[nodiscard]] Channel& channel() noexcept { return channel_; }
    // The next value that it says. An error where that is {"error": LINE}, where it is gone, or
    // where it says nothing until the deadline.
    [[nodiscard]] Result<nlohmann::json, Failure> hear(const Interrupt& interrupt,
                                                       SteadyTime deadline);

private:
    Child(Channel channel, pid_t pid, std::string far) noexcept
        : channel_(std::move(channel)), pid_(pid), far_(std::move(far)) {}
    void reap() noexcept;

    Channel channel_;
    pid_t pid_;  // negative: none of this host
    std::string far_;
};

// In a child: makes the kernel kill this process when `parent` ends.
[[nodiscard]] bool end_with(pid_t parent) noexcept;
// What a child says when it cannot go on.
[[nodiscard]] nlohmann::json error_json(const std::string& line);

}  // namespace wgns::bench
