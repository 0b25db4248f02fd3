// Requests to rtnetlink (rtnetlink(7)) and nfnetlink, each answered before the next, by libmnl.
#pragma once

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace wgns {

// What the message begins with, or null where it is too short for that.
template <class T>
[[nodiscard]] const T* body_of(const nlmsghdr& message) noexcept {
    if (::mnl_nlmsg_get_payload_len(&message) < sizeof(T)) return nullptr;
    return static_cast<const T*>(::mnl_nlmsg_get_payload(&message));
}

// Calls fn(const nlattr&) for each attribute behind the message's own header of `header_size`
// bytes; none where the message is shorter than that.
template <class Fn>
void for_each_attribute(const nlmsghdr& message, std::size_t header_size, Fn fn) {
    if (header_size > ::mnl_nlmsg_get_payload_len(&message)) return;
    const auto* at =
        static_cast<const char*>(::mnl_nlmsg_get_payload_offset(&message, header_size));
    const auto* const end = static_cast<const char*>(::mnl_nlmsg_get_payload_tail(&message));
    for (;;) {
        const auto* const attribute = reinterpret_cast<const nlattr*>(at);
        if (!::mnl_attr_ok(attribute, static_cast<int>(end - at))) return;
        fn(*attribute);
        at = reinterpret_cast<const char*>(::mnl_attr_next(attribute));
    }
}

// Zero, or nothing, where the attribute is too short to hold one.
[[nodiscard]] inline std::uint32_t number_of(const nlattr& attribute) noexcept {
    std::uint32_t number = 0;
    if (mnl_attr_get_payload_len(&attribute) >= sizeof number)
        std::memcpy(&number, mnl_attr_get_payload(&attribute), sizeof number);
    return number;
}
[[nodiscard]] inline std::string text_of(const nlattr& attribute) {
    const auto* const text = static_cast<const char*>(mnl_attr_get_payload(&attribute));
    return {text, ::strnlen(text, mnl_attr_get_payload_len(&attribute))};
}

// The socket keeps the network namespace of the thread that opened it. One thread at a time.
class Netlink {
public:
    [[nodiscard]] static Result<Netlink> open(int protocol = NETLINK_ROUTE);

    // Sends the request and waits for its acknowledgement. `operation` and `subject` name it in an
    // error; the kernel's own explanation becomes the hint.
    [[nodiscard]] Status request(nlmsghdr& message, const char* operation, std::string subject);
    // The same for a request with answers: each is given to `answer` before the acknowledgement.
    [[nodiscard]] Status query(nlmsghdr& message, const char* operation, std::string subject,
                               const std::function<void(const nlmsghdr&)>& answer);
    // Messages that the kernel takes together or not at all, with sequence numbers of their own, of
    // which the last real one asks for an acknowledgement. The first refusal becomes the error, its
    // subject by the number of the message.
    [[nodiscard]] Status transact(std::span<const char> messages, const char* operation,
                                  const std::function<std::string(unsigned)>& subject_of);

private:
    struct Close {
        void operator()(mnl_socket* socket) const noexcept { ::mnl_socket_close(socket); }
    };
    explicit Netlink(mnl_socket* socket) noexcept : socket_(socket) {}

    std::unique_ptr<mnl_socket, Close> socket_;
    unsigned sequence_ = 0;
};

}  // namespace wgns
