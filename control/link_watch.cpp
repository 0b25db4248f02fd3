#include "control/link_watch.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "netns/tun_device.h"

namespace wgns {

namespace asio = boost::asio;

namespace {

// One that fails is repeated at NetworkEvents' pace, for five seconds; then the next change is to
// be waited for, as where the interface is out of reach.
constexpr unsigned looks_max = 50;

constexpr const char* calls_to_watch[] = {
    "newfstatat", "recvfrom", "recvmsg", "sendto", "stat", "statx",
};

// Of an old kernel that cannot tell, the one that the interface was made in.
ino_t identity_of(const Result<UniqueFd>& place, ino_t home) {
    struct stat file {};
    return place && ::fstat(place->get(), &file) == 0 ? file.st_ino : home;
}

}  // namespace

std::span<const char* const> calls_of_link_watch() noexcept {
    return calls_to_watch;
}

LinkWatch::LinkWatch(UniqueFd tun, Changed changed)
    : tun_(std::move(tun)), changed_(std::move(changed)) {}

Result<std::unique_ptr<LinkWatch>> LinkWatch::start(asio::io_context& context, UniqueFd tun,
                                                    Changed changed) {
    const auto home = Namespace::current();
    if (!home) return home.error();
    std::unique_ptr<LinkWatch> watch(new LinkWatch(std::move(tun), std::move(changed)));
    watch->home_ = home->identity();
    const auto begun = watch->begin(context);
    if (!begun) return begun.error();
    return watch;
}

Result<std::unique_ptr<LinkWatch>> LinkWatch::start_inside(asio::io_context& context,
                                                           const Namespace& ns, UniqueFd tun,
                                                           Changed changed) {
    std::unique_ptr<LinkWatch> watch(new LinkWatch(std::move(tun), std::move(changed)));
    const auto begun = ns.run([&] { return watch->begin(context); });
    if (!begun) return begun.error();
    return watch;
}

// The events first, so that no change falls between them and the first look.
Status LinkWatch::begin(asio::io_context& context) {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    netlink_.emplace(*std::move(netlink));
    auto events = NetworkEvents::start(context, NetworkPart::links, [this] { return update(); });
    if (!events) return events.error();
    events_ = *std::move(events);
    auto link = look();
    if (!link) return link.error();
    link_ = *std::move(link);
    return Done{};
}

Status LinkWatch::request(const std::function<Status(Netlink&)>& requests) {
    if (!is_home_) return Error{EXDEV, "change", link_.name, "it was moved out of reach"};
    return requests(*netlink_);
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
    if (!home_) return find_link(*netlink_, shape->name);
    const auto place = tun_place(tun_.get());
    is_home_ = identity_of(place, *home_) == *home_;
    if (is_home_) return find_link(*netlink_, shape->name);
    return look_elsewhere(place->get(), shape->name);
}

// The number first, so that a change after the look is an event.
Result<Link> LinkWatch::look_elsewhere(int place, const std::string& name) {
    const auto number = number_namespace(*netlink_, place);
    if (!number) return number.error();
    return find_link_elsewhere(*netlink_, *number, name);
}

}  // namespace wgns
