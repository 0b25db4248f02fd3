// Process 1 of a Host: starts the implementation there and carries out what the measuring program
// asks, one order after the other, until the channel ends. With it ends everything that it started.
#pragma once

#include <string>

#include "base/unique_fd.h"
#include "cli/bench/channel.h"

namespace wgns::bench {

class Keeper {
public:
    // `channel` must outlive it.
    explicit Keeper(Channel& channel) noexcept : channel_(channel) {}

    void serve();

private:
    [[nodiscard]] nlohmann::json carry_out(const nlohmann::json& order);
    [[nodiscard]] nlohmann::json launch(const std::string& command);
    [[nodiscard]] nlohmann::json configure(const std::string& uapi, const std::string& address);
    [[nodiscard]] nlohmann::json set(const std::string& uapi) const;
    [[nodiscard]] nlohmann::json first_line_of(const std::string& command) const;

    Channel& channel_;
    std::string interface_;
};

}  // namespace wgns::bench
