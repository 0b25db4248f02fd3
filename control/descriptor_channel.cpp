#include "control/descriptor_channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace wgns {

namespace {

constexpr std::size_t control_bytes = CMSG_SPACE(sizeof(int) * DescriptorChannel::max_descriptors);
struct alignas(cmsghdr) ControlBuffer {
    std::array<char, control_bytes> bytes{};
};

void attach(msghdr& message, ControlBuffer& buffer, const std::vector<int>& descriptors) {
    if (descriptors.empty()) return;
    const std::size_t bytes = descriptors.size() * sizeof(int);
    message.msg_control = buffer.bytes.data();
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(header), descriptors.data(), bytes);
}

// Owns whatever came, so that a message we refuse leaves nothing open.
std::vector<UniqueFd> detach(msghdr& message) {
    std::vector<UniqueFd> descriptors;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            descriptors.emplace_back(fd);
        }
    }
    return descriptors;
}

Error malformed(const char* what) {
    return {EBADMSG, "receive", what, ""};
}

Result<std::optional<DescriptorChannel::Message>> parse(std::string_view text,
                                                        std::vector<UniqueFd> descriptors) {
    nlohmann::json envelope = nlohmann::json::parse(text, nullptr, false);
    if (!envelope.is_object() || !envelope.contains("body") || !envelope.contains("descriptors"))
        return malformed("envelope");
    const nlohmann::json& names = envelope["descriptors"];
    if (!names.is_array() || names.size() != descriptors.size()) return malformed("descriptors");
    DescriptorChannel::Message message;
    message.body = std::move(envelope["body"]);
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
        if (!names[i].is_string()) return malformed("descriptor's name");
        message.descriptors[names[i].get<std::string>()] = std::move(descriptors[i]);
    }
    return std::optional(std::move(message));
}

}  // namespace

Result<std::pair<DescriptorChannel, DescriptorChannel>> DescriptorChannel::create_pair() {
    std::array<int, 2> ends{};
    const auto made =
        check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
    if (!made) return made.error();
    return std::pair(DescriptorChannel(UniqueFd(ends[0])), DescriptorChannel(UniqueFd(ends[1])));
}

Status DescriptorChannel::send(const nlohmann::json& body,
                               const std::map<std::string, int>& descriptors) {
    nlohmann::json envelope{{"body", body}, {"descriptors", nlohmann::json::array()}};
    std::vector<int> fds;
    for (const auto& [name, fd] : descriptors) {
        envelope["descriptors"].push_back(name);
        fds.push_back(fd);
    }
    std::string text = envelope.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (text.size() > max_text_bytes || fds.size() > max_descriptors)
        return Error{EMSGSIZE, "send", "descriptor channel", ""};

    iovec part{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    ControlBuffer control;
    attach(message, control, fds);
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) return Error{errno, "sendmsg", "descriptor channel", ""};
    return Done{};
}

Result<std::optional<DescriptorChannel::Message>> DescriptorChannel::receive() {
    std::vector<char> text(max_text_bytes);
    iovec part{text.data(), text.size()};
    ControlBuffer control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    ssize_t got = 0;
    do {
        got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    // A peer that ended with unread messages in its queue resets the connection.
    if (got == 0 || (got < 0 && errno == ECONNRESET)) return std::optional<Message>();
    if (got < 0) return Error{errno, "recvmsg", "descriptor channel", ""};

    std::vector<UniqueFd> descriptors = detach(message);
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return malformed("truncated message");
    return parse({text.data(), static_cast<std::size_t>(got)}, std::move(descriptors));
}

}  // namespace wgns
