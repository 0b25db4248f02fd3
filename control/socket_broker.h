// UDP sockets for a daemon that may not open them itself: it asks its supervisor, which may, over
// the channel between the two.
#pragma once

#include <optional>

#include "base/result.h"
#include "control/descriptor_channel.h"
#include "control/udp_sockets.h"
#include "netns/namespace.h"

namespace wgns {

// The descriptors of the group under the names by which a daemon gets them (descriptor_name).
[[nodiscard]] std::map<std::string, int> lend(const UdpGroup& group);
// The other way: takes what has these names away from `descriptors`.
[[nodiscard]] UdpGroup take_udp_group(std::map<std::string, UniqueFd>& descriptors);

// A daemon's side. Each waits for the answer, at most 5 s; one that comes later is nobody's, and
// may still be in the channel afterwards. That has no other messages that way once the daemon has
// begun. Control thread.
class SocketBroker {
public:
    // `channel` outlives it.
    explicit SocketBroker(DescriptorChannel& channel) : channel_(channel) {}

    // As open_udp_group, in the namespace that the sockets of the instance belong in.
    Result<UdpGroup> open(unsigned count, std::uint16_t port, std::uint32_t fwmark);
    // As set_mark.
    Status mark(const UdpGroup& group, std::uint32_t fwmark);

private:
    Result<DescriptorChannel::Message> ask(nlohmann::json request,
                                           const std::map<std::string, int>& lent);
    Result<DescriptorChannel::Message> receive_answer();

    DescriptorChannel& channel_;
    std::uint32_t asked_ = 0;  // requests until now, of which the last one is waited for
};

// The supervisor's side: whether the message was such a request, which is answered then. Sockets
// are opened in `ns`, or without one where the caller is. What is asked for beyond its limits is
// refused.
bool answer_socket_request(DescriptorChannel& channel, DescriptorChannel::Message& message,
                           int socket_namespace);

}  // namespace wgns
