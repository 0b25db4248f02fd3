// A UDP socket that knows one remote, and sends and receives many datagrams a system call.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

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

    // Ends the program where there is no such socket. `sources`, if not 0: it sends from so many
    // addresses in turn, from 10.78.0.0 on, which the host takes for its own (IPv4 alone).
    explicit Link(const Endpoint& to, unsigned sources = 0);

    // At most batch_max. What the network does not take is lost, as it would be further on.
    void send(std::span<const Bytes> datagrams);
    void send(std::span<const InitiationMessage> messages);
    // Sleeps for at most so long until something has come.
    void wait(std::chrono::milliseconds longest) const;
    // What has come, at most batch_max datagrams; valid until the next call.
    [[nodiscard]] std::span<const Bytes> receive();

private:
    struct Source {
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in_pktinfo))> control{};
    };
    void write_source(Source& out) noexcept;

    UniqueFd socket_;
    sockaddr_storage to_{};
    socklen_t to_size_ = 0;
    unsigned sources_ = 0;
    unsigned next_source_ = 0;
    // What we are sent is no larger than a cookie reply or a response.
    std::array<std::array<std::uint8_t, initiation_size>, batch_max> buffers_;
    std::vector<Bytes> received_;
};

}  // namespace wgns::bench
