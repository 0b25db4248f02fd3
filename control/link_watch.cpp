#include "control/link_watch.h"

#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <array>
#include <utility>

#include "netns/tun_device.h"

namespace wgns {

namespace asio = boost::asio;

namespace {

// One that fails is repeated at NetworkEvents' pace, for five seconds; then the next change is to
// be waited for, as where the interface is out of reach.
constexpr unsigned looks_max = 50;

// Gives the namespace a number in ours, unless it has one.
Status number_namespace(const Namespace& ns) {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    alignas(nlmsghdr) std::array<char, 128> piece{};
    nlmsghdr* const header = mnl_nlmsg_put_header(piece.data());
    header->nlmsg_type = RTM_NEWNSID;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    mnl_nlmsg_put_extra_header(header, sizeof(rtgenmsg));
    mnl_attr_put_u32(header, NETNSA_NSID, static_cast<std::uint32_t>(NETNSA_NSID_NOT_ASSIGNED));
    mnl_attr_put_u32(header, NETNSA_FD, static_cast<std::uint32_t>(ns.fd()));
    return netlink->request(*header, "RTM_NEWNSID", {});
}

Result<Namespace> namespace_of(int tun) {
    auto ns = tun_namespace(tun);
    return ns ? std::move(ns) : Namespace::current();
}

}  // namespace

LinkWatch::LinkWatch(UniqueFd tun, Changed changed)
    : tun_(std::move(tun)), changed_(std::move(changed)) {}

Result<std::unique_ptr<LinkWatch>> LinkWatch::start(asio::io_context& context, UniqueFd tun,
                                                    Changed changed) {
    std::unique_ptr<LinkWatch> watch(new LinkWatch(std::move(tun), std::move(changed)));
    const auto begun = watch->begin(context);
    if (!begun) return begun.error();
    return watch;
}

Result<std::unique_ptr<LinkWatch>> LinkWatch::start_inside(asio::io_context& context,
                                                           const Namespace& ns, UniqueFd tun,
                                                           Changed changed) {
    std::unique_ptr<LinkWatch> watch(new LinkWatch(std::move(tun), std::move(changed)));
    const auto begun = ns.run([&]() -> Status {
        auto netlink = Netlink::open();
        if (!netlink) return netlink.error();
        watch->inside_.emplace(*std::move(netlink));
        return watch->begin(context);
    });
    if (!begun) return begun.error();
    return watch;
}

// The events first, so that no change falls between them and the first look.
Status LinkWatch::begin(asio::io_context& context) {
    auto events = NetworkEvents::start(context, NetworkPart::links, [this] { return update(); });
    if (!events) return events.error();
    events_ = *std::move(events);
    auto link = look();
    if (!link) return link.error();
    link_ = *std::move(link);
    return Done{};
}

Status LinkWatch::request(const std::function<Status(Netlink&)>& requests) const {
    const auto ns = namespace_of(tun_.get());
    if (!ns) return ns.error();
    return ns->run([&]() -> Status {
        auto netlink = Netlink::open();
        if (!netlink) return netlink.error();
        return requests(*netlink);
    });
}

bool LinkWatch::update() {
    auto seen = look();
    if (!seen) return ++failed_looks_ >= looks_max;
    failed_looks_ = 0;
    const bool has_changed = seen->mtu != link_.mtu || seen->is_up != link_.is_up;
    if (has_changed && !changed_(*seen)) return false;
    link_ = *std::move(seen);
    return true;
}

// Wherever the interface is now.
Result<Link> LinkWatch::look() {
    const auto shape = tun_shape(tun_.get());
    if (!shape) return shape.error();
    if (inside_) return find_link(*inside_, shape->name);
    const auto ns = namespace_of(tun_.get());
    if (!ns) return ns.error();
    // First, so that a change after the look is an event. Without a number the look is all we get.
    static_cast<void>(number_namespace(*ns).has_value());
    return ns->run([&]() -> Result<Link> {
        auto netlink = Netlink::open();
        if (!netlink) return netlink.error();
        return find_link(*netlink, shape->name);
    });
}

}  // namespace wgns
