#include "netns/netlink.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>

namespace wgns {

namespace {

constexpr std::size_t answer_size = 32'768;

// The kernel's sentence about what was wrong, where it has one (extended acknowledgement).
std::string explanation(const nlmsghdr& message) {
    const auto* const failure = body_of<nlmsgerr>(message);
    if (!failure || (message.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
    std::size_t skipped = sizeof(nlmsgerr);
    if ((message.nlmsg_flags & NLM_F_CAPPED) == 0)
        skipped += mnl_nlmsg_get_payload_len(&failure->msg);
    std::string text;
    for_each_attribute(message, skipped, [&](const nlattr& attribute) {
        if (mnl_attr_get_type(&attribute) == NLMSGERR_ATTR_MSG) text = text_of(attribute);
    });
    return text;
}

// libmnl before 1.0.5 takes a length of 2^31 for negative, and then it fits everywhere.
bool is_whole(const nlmsghdr& message, int left) noexcept {
    return mnl_nlmsg_ok(&message, left) && message.nlmsg_len <= static_cast<unsigned>(left);
}

// What an acknowledgement tells, as an errno value; 0: it is done.
int code_of(const nlmsghdr& message) noexcept {
    constexpr int errno_max = 4095;  // the kernel's MAX_ERRNO
    const int* const told = body_of<int>(message);
    return told && *told <= 0 && *told >= -errno_max ? -*told : EPROTO;
}

bool ends_answer(const nlmsghdr& message) noexcept {
    return message.nlmsg_type == NLMSG_ERROR || message.nlmsg_type == NLMSG_DONE;
}

const char* name_of(int protocol) noexcept {
    return protocol == NETLINK_NETFILTER ? "NETLINK_NETFILTER" : "NETLINK_ROUTE";
}

// Room for all of it at once. Without the privilege the default size has to do.
void fit_send_buffer(const mnl_socket* socket, std::size_t bytes) {
    const int size = static_cast<int>(bytes);
    ::setsockopt(::mnl_socket_get_fd(socket), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
}

}  // namespace

Result<Netlink> Netlink::open(int protocol) {
    Netlink netlink(::mnl_socket_open2(protocol, SOCK_CLOEXEC));
    if (!netlink.socket_) return Error{errno, "socket", name_of(protocol), {}};
    const int on = 1;
    // Only for better messages; kernels before 4.12 refuse.
    ::mnl_socket_setsockopt(netlink.socket_.get(), NETLINK_EXT_ACK, const_cast<int*>(&on),
                            sizeof on);
    if (::mnl_socket_bind(netlink.socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return Error{errno, "bind", name_of(protocol), {}};
    return netlink;
}

Status Netlink::request(nlmsghdr& message, const char* operation, std::string subject) {
    return query(message, operation, std::move(subject), [](const nlmsghdr&) {});
}

Status Netlink::query(nlmsghdr& message, const char* operation, std::string subject,
                      const std::function<void(const nlmsghdr&)>& answer) {
    message.nlmsg_seq = ++sequence_;
    message.nlmsg_flags =
        static_cast<std::uint16_t>(message.nlmsg_flags | NLM_F_REQUEST | NLM_F_ACK);
    if (::mnl_socket_sendto(socket_.get(), &message, message.nlmsg_len) < 0)
        return Error{errno, operation, std::move(subject), {}};
    alignas(nlmsghdr) std::array<char, answer_size> buffer;
    for (;;) {
        const ssize_t size = ::mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return Error{errno, operation, std::move(subject), {}};
        int left = static_cast<int>(size);
        const auto* one = reinterpret_cast<const nlmsghdr*>(buffer.data());
        for (; is_whole(*one, left); one = mnl_nlmsg_next(one, &left)) {
            if (one->nlmsg_seq != sequence_) continue;
            if (!ends_answer(*one)) {
                answer(*one);
                continue;
            }
            const int code = code_of(*one);
            if (code == 0) return Done{};
            return Error{code, operation, std::move(subject), explanation(*one)};
        }
    }
}

// The kernel has carried all of it out when send returns, so every answer waits already.
Status Netlink::transact(std::span<const char> messages, const char* operation,
                         const std::function<std::string(unsigned)>& subject_of) {
    const int fd = ::mnl_socket_get_fd(socket_.get());
    fit_send_buffer(socket_.get(), messages.size());
    if (::mnl_socket_sendto(socket_.get(), messages.data(), messages.size()) < 0)
        return Error{errno, operation, {}, {}};
    alignas(nlmsghdr) std::array<char, answer_size> buffer;
    std::optional<Error> refusal;
    bool is_acknowledged = false;
    for (;;) {
        const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) break;
        int left = static_cast<int>(size);
        const auto* one = reinterpret_cast<const nlmsghdr*>(buffer.data());
        for (; is_whole(*one, left); one = mnl_nlmsg_next(one, &left)) {
            if (one->nlmsg_type != NLMSG_ERROR) continue;
            is_acknowledged = true;
            if (code_of(*one) != 0 && !refusal)
                refusal = {code_of(*one), operation, subject_of(one->nlmsg_seq), explanation(*one)};
        }
    }
    if (refusal) return *std::move(refusal);
    if (!is_acknowledged) return Error{EPROTO, operation, {}, "the kernel did not answer"};
    return Done{};
}

}  // namespace wgns
