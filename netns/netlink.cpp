#include "netns/netlink.h"

#include <linux/netlink.h>

#include <array>
#include <cerrno>

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

}  // namespace

Result<Netlink> Netlink::open() {
    Netlink netlink(::mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
    if (!netlink.socket_) return Error{errno, "socket", "NETLINK_ROUTE", {}};
    const int on = 1;
    // Only for better messages; kernels before 4.12 refuse.
    ::mnl_socket_setsockopt(netlink.socket_.get(), NETLINK_EXT_ACK, const_cast<int*>(&on),
                            sizeof on);
    if (::mnl_socket_bind(netlink.socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return Error{errno, "bind", "NETLINK_ROUTE", {}};
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

}  // namespace wgns
