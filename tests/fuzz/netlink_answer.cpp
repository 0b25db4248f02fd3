// Any bytes as what the kernel answers to requests for links and routes: nothing is read out of
// bounds. In the place of a netlink socket stands the input, a few bytes of which are made right:
// the sequence number, or every message would be passed over.
#include <libmnl/libmnl.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "netns/addressing.h"
#include "reader.h"

struct mnl_socket {};

namespace {

mnl_socket the_socket;
wgns::fuzz::Reader* answers = nullptr;
std::uint32_t sequence = 0;

void number(char* buffer, std::size_t size) {
    int left = static_cast<int>(size);
    for (auto* one = reinterpret_cast<nlmsghdr*>(buffer);
         mnl_nlmsg_ok(one, left) && one->nlmsg_len <= static_cast<unsigned>(left);
         one = mnl_nlmsg_next(one, &left))
        one->nlmsg_seq = sequence;
}

}  // namespace

// What the linker finds before the library's.
extern "C" {

mnl_socket* mnl_socket_open2(int, int) {
    return &the_socket;
}
int mnl_socket_close(mnl_socket*) {
    return 0;
}
int mnl_socket_bind(mnl_socket*, unsigned int, pid_t) {
    return 0;
}
int mnl_socket_setsockopt(const mnl_socket*, int, void*, socklen_t) {
    return 0;
}
ssize_t mnl_socket_sendto(const mnl_socket*, const void* request, std::size_t size) {
    sequence = static_cast<const nlmsghdr*>(request)->nlmsg_seq;
    return static_cast<ssize_t>(size);
}
// A datagram of as many bytes as the first two say; no more of them: an error.
ssize_t mnl_socket_recvfrom(const mnl_socket*, void* buffer, std::size_t size) {
    if (answers->done()) {
        errno = ENOBUFS;
        return -1;
    }
    const auto bytes = answers->take(std::min<std::size_t>(answers->word(), size));
    std::copy(bytes.begin(), bytes.end(), static_cast<std::uint8_t*>(buffer));
    number(static_cast<char*>(buffer), bytes.size());
    return static_cast<ssize_t>(bytes.size());
}

}  // extern "C"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wgns::fuzz::Reader reader({data, size});
    answers = &reader;
    auto netlink = wgns::Netlink::open();
    WG_ASSERT(netlink.has_value());
    const std::uint8_t verb = reader.byte();
    const wgns::Link link{.name = "wg0", .index = 7};
    const auto destination = wgns::IpAddress::parse("192.0.2.1");
    const auto told = [](const auto& result) {
        if (!result) static_cast<void>(describe(result.error()));
    };
    switch (verb % 5) {
        case 0:
            told(wgns::list_links(*netlink));
            break;
        case 1:
            told(wgns::find_link(*netlink, "wg0"));
            break;
        case 2:
            told(wgns::route_mtu(*netlink, *destination));
            break;
        case 3:
            told(
                wgns::add_route(*netlink, link, {.destination = {*destination, 32}, .metric = {}}));
            break;
        default:
            told(wgns::set_link_mtu(*netlink, link, 1420));
            break;
    }
    answers = nullptr;
    return 0;
}
