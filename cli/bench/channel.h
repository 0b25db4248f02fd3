// Values between two processes of ours, on one host or two: JSON over a stream, a line for each.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace wgns::bench {

class Channel {
public:
    [[nodiscard]] static Result<std::pair<Channel, Channel>> make();
    // Over a stream socket.
    explicit Channel(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

    Channel(Channel&&) noexcept = default;
    Channel& operator=(Channel&&) noexcept = default;
    ~Channel() { close(); }

    // The other end sees the end at once, whoever else has a copy of the descriptor.
    void close() noexcept;
    // Of an end that another process uses: gives up this copy of it, and nothing ends.
    void let_go() noexcept { fd_.reset(); }

    // False: the other end is gone. At most some tens of kilobytes.
    [[nodiscard]] bool send(const nlohmann::json& value) const;
    // Waits; nothing: the other end is gone, or what it says is no value. One that has begun is
    // waited for some seconds.
    [[nodiscard]] std::optional<nlohmann::json> receive() const;
    // Whether something came, or the other end went, within that time.
    [[nodiscard]] bool wait(int milliseconds) const noexcept;

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

private:
    UniqueFd fd_;
};

}  // namespace wgns::bench
