// One message at a time between two of our own processes: a JSON text and named descriptors
// (unix(7), SOCK_SEQPACKET and SCM_RIGHTS). Every descriptor is close-on-exec, on both sides.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/passed_descriptors.h"

namespace wgns {

class DescriptorChannel {
public:
    static constexpr std::size_t max_text_bytes = std::size_t{64} * 1024;
    static constexpr std::size_t max_descriptors = PassedDescriptors::count_max;

    struct Message {
        nlohmann::json body;
        std::map<std::string, UniqueFd> descriptors;
    };

    // Both ends; which is which makes no difference.
    static Result<std::pair<DescriptorChannel, DescriptorChannel>> create_pair();
    explicit DescriptorChannel(UniqueFd socket) noexcept : socket_(std::move(socket)) {}

    // The descriptors are borrowed: the sender keeps its own. EMSGSIZE above the two limits.
    Status send(const nlohmann::json& body, const std::map<std::string, int>& descriptors = {});
    // Waits for a message. Nothing: the other side is closed. An error: the message is of another
    // shape; what came with it is closed.
    Result<std::optional<Message>> receive();

    // Readable when a message, or the end, has come.
    [[nodiscard]] int fd() const noexcept { return socket_.get(); }
    // Whether one comes within so many milliseconds.
    [[nodiscard]] bool is_readable(int milliseconds = 0) const noexcept;

private:
    UniqueFd socket_;
};

}  // namespace wgns
