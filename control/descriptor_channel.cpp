#include "control/descriptor_channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <vector>

#include "control/passed_descriptors.h"

namespace wgns {

namespace {

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
    PassedDescriptors passed;
    passed.attach(message, fds);
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
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    PassedDescriptors passed;
    passed.make_room(message);
    ssize_t got = 0;
    do {
        got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    // A peer that ended with unread messages in its queue resets the connection.
    if (got == 0 || (got < 0 && errno == ECONNRESET)) return std::optional<Message>();
    if (got < 0) return Error{errno, "recvmsg", "descriptor channel", ""};

    std::vector<UniqueFd> descriptors = PassedDescriptors::take(message);
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return malformed("truncated message");
    return parse({text.data(), static_cast<std::size_t>(got)}, std::move(descriptors));
}

bool DescriptorChannel::is_readable(int milliseconds) const noexcept {
    pollfd polled{socket_.get(), POLLIN, 0};
    int ready = 0;
    do {
        ready = ::poll(&polled, 1, milliseconds);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

}  // namespace wgns
