#include "netns/tun_device.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace wgns {

namespace {

constexpr const char* tun_file = "/dev/net/tun";
// The shape of a packet: IP behind a virtio-net header, without which there are no offloads.
constexpr short tun_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;

Error open_error(int code) {
    const char* hint = "";
    if (code == ENOENT || code == ENXIO || code == ENODEV)
        hint = "load the tun module (modprobe tun), or pass /dev/net/tun into the container";
    if (code == EPERM || code == EACCES)
        hint = "run this with sudo, or let this user open the device (chmod 0666 /dev/net/tun)";
    return {code, "open", tun_file, hint};
}

Error create_error(int code, const std::string& name) {
    const char* hint = "";
    if (code == EPERM) hint = "this needs CAP_NET_ADMIN in the namespace";
    if (code == EBUSY)
        hint = "an interface of this name is in use there: choose another with InterfaceName =";
    return {code, "create TUN device", name, hint};
}

// The io_uring of a process that was killed is torn down some time after it, and holds its device
// until then.
constexpr std::chrono::seconds let_go_time{2};

Result<UniqueFd> open_queue(const std::string& name, short flags) {
    UniqueFd fd(::open(tun_file, O_RDWR | O_CLOEXEC));
    if (!fd) return open_error(errno);
    ifreq request{};
    WG_ASSERT(name.size() < sizeof request.ifr_name);
    std::copy(name.begin(), name.end(), request.ifr_name);
    request.ifr_flags = flags;
    const auto deadline = std::chrono::steady_clock::now() + let_go_time;
    while (::ioctl(fd.get(), TUNSETIFF, &request) != 0) {
        if (errno == EBUSY && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            continue;
        }
        // Not the TUN driver at all: somebody put another file in its place.
        if (errno == ENOTTY) return open_error(ENODEV);
        return create_error(errno, name);
    }
    return fd;
}

}  // namespace

Status try_tun_file() {
    const UniqueFd fd(::open(tun_file, O_RDWR | O_CLOEXEC));
    if (!fd) return open_error(errno);
    return Done{};
}

// A queue's namespace is fixed when the file is opened, so all of this runs inside.
Result<TunQueues> open_tun_here(const std::string& name, unsigned queues) {
    const bool has_several = queues > 1;
    TunQueues opened;
    while (opened.size() < queues) {
        // Never a queue of somebody else's device.
        const int more = has_several ? IFF_MULTI_QUEUE | (opened.empty() ? IFF_TUN_EXCL : 0) : 0;
        auto queue = open_queue(name, static_cast<short>(tun_flags | more));
        if (!queue) return queue.error();
        opened.push_back(*std::move(queue));
    }
    return opened;
}

Result<TunQueues> open_tun(const Namespace& ns, const std::string& name, unsigned queues) {
    return ns.run([&] { return open_tun_here(name, queues); });
}

Result<TunShape> tun_shape(int queue) {
    ifreq request{};
    if (::ioctl(queue, TUNGETIFF, &request) != 0)
        return Error{errno, "TUNGETIFF", "descriptor " + std::to_string(queue),
                     "this is not a TUN device"};
    std::string name(request.ifr_name, ::strnlen(request.ifr_name, sizeof request.ifr_name));
    constexpr short shape = IFF_TUN | IFF_TAP | IFF_NO_PI;
    if ((request.ifr_flags & shape) != (IFF_TUN | IFF_NO_PI))
        return Error{EINVAL, "TUNGETIFF", name, "open it with IFF_TUN and IFF_NO_PI"};
    return TunShape{std::move(name), (request.ifr_flags & IFF_VNET_HDR) != 0};
}

// The kernel makes the descriptor close-on-exec.
Result<UniqueFd> tun_place(int queue) {
    UniqueFd ns(::ioctl(queue, TUNGETDEVNETNS));
    if (!ns) return Error{errno, "TUNGETDEVNETNS", "descriptor " + std::to_string(queue), {}};
    return ns;
}

Result<Namespace> tun_namespace(int queue) {
    const auto ns = tun_place(queue);
    if (!ns) return ns.error();
    return Namespace::open("/proc/thread-self/fd/" + std::to_string(ns->get()));
}

}  // namespace wgns
