// A UDP socket that knows one remote, and sends and receives many datagrams a system call.
#pragma once

#include <array>
#include <chrono>
#include <vector>

#include "base/ip_address.h"
#include "base/unique_fd.h"
#include "protocol/messages.h"

namespace wgns::bench {

class Link {
public:
    static constexpr std::size_t batch_max = 64;

    // Ends the program where there is no such socket.
    explicit Link(const Endpoint& to);

    // At most batch_max. What the network does not take is lost, as it would be further on.
    void send(std::span<const InitiationMessage> messages);
    // Sleeps for at most so long until something has come.
    void wait(std::chrono::milliseconds longest) const;
    // What has come, at most batch_max datagrams; valid until the next call.
    [[nodiscard]] std::span<const Bytes> receive();

private:
    UniqueFd socket_;
    // What we are sent is no larger than a cookie reply or a response.
    std::array<std::array<std::uint8_t, initiation_size>, batch_max> buffers_;
    std::vector<Bytes> received_;
};

}  // namespace wgns::bench
