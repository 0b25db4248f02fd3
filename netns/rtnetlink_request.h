// One message of rtnetlink(7) under construction.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>

#include "base/ip_address.h"
#include "netns/netlink.h"

namespace wgns {

[[nodiscard]] inline std::uint8_t family_of(const IpAddress& address) noexcept {
    return address.is_v4() ? AF_INET : AF_INET6;
}

// A request with room for the attributes of any that we send.
class RtnetlinkRequest {
public:
    template <class Body>
    RtnetlinkRequest(std::uint16_t type, std::uint16_t flags, const Body& body) {
        header_ = ::mnl_nlmsg_put_header(buffer_.data());
        header_->nlmsg_type = type;
        header_->nlmsg_flags = flags;
        *static_cast<Body*>(::mnl_nlmsg_put_extra_header(header_, sizeof(Body))) = body;
    }
    RtnetlinkRequest(const RtnetlinkRequest&) = delete;
    RtnetlinkRequest& operator=(const RtnetlinkRequest&) = delete;

    [[nodiscard]] nlmsghdr& header() noexcept { return *header_; }
    void put(std::uint16_t type, std::uint32_t value) noexcept {
        ::mnl_attr_put_u32(header_, type, value);
    }
    void put(std::uint16_t type, const IpAddress& address) noexcept {
        ::mnl_attr_put(header_, type, address.bytes().size(), address.bytes().data());
    }

private:
    alignas(nlmsghdr) std::array<char, 512> buffer_{};
    nlmsghdr* header_ = nullptr;
};

}  // namespace wgns
