#include "control/interface_daemon.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/inotify.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "control/background.h"
#include "control/daemon_isolation.h"
#include "control/data_plane.h"
#include "control/link_watch.h"
#include "control/live_device.h"
#include "control/network.h"
#include "control/network_events.h"
#include "control/uapi_server.h"
#include "control/uapi_socket.h"
#include "control/udp_sockets.h"
#include "netns/tun_device.h"

namespace wgns {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// What WireGuard interfaces have where nobody says otherwise: 1500 bytes less IPv6's, UDP's and our
// own headers.
constexpr std::uint32_t default_mtu = 1420;

// Takes over a descriptor that the environment names.
Result<UniqueFd> inherited(const std::string& text, const char* variable) {
    int fd = -1;
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, fd);
    if (failure != std::errc{} || stop != end || fd < 0)
        return Error{EINVAL, variable, text, "give the number of a descriptor"};
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return Error{errno, variable, text, ""};
    return UniqueFd(fd);
}

class InterfaceDaemon {
public:
    explicit InterfaceDaemon(const InterfaceRequest& request)
        : request_(request), name_(request.interface) {}
    ~InterfaceDaemon() {
        if (uapi_) uapi_->remove();
    }
    InterfaceDaemon(const InterfaceDaemon&) = delete;
    InterfaceDaemon& operator=(const InterfaceDaemon&) = delete;

    // Ready when it returns.
    Status start() {
        signals_.async_wait([this](const error_code& error, int signal) {
            if (!error) end(signal == SIGINT ? "interrupted" : "told to end");
        });
        const auto choice = choose(request_.data_plane);
        if (!choice) return choice.error();
        auto tun = take_tun(choice->workers);
        if (!tun) return tun.error();
        // All that needs a privilege, for as long as there is one.
        auto done = name_socket();
        if (done) done = follow_link(UniqueFd(::fcntl(tun->front().get(), F_DUPFD_CLOEXEC, 0)));
        if (done) done = follow_routes();
        if (done) done = isolate_interface(choice->io, uapi_->path().parent_path());
        if (done) done = start_data_plane(*choice, *std::move(tun));
        if (!done) return done;
        forbid_new_rings();
        serve();
        return done;
    }
    void run() {
        spdlog::info("{}: ready, UDP port {}", name_, device_->listen_port());
        context_.run();
        spdlog::info("{}: {}", name_, reason_);
    }

private:
    Result<TunQueues> take_tun(unsigned workers) {
        if (request_.tun_descriptor.empty()) return make_tun(workers);
        auto tun = inherited(request_.tun_descriptor, "WG_TUN_FD");
        if (!tun) return tun.error();
        // It may have another name than the command line says.
        auto shape = tun_shape(tun->get());
        if (!shape) return shape.error();
        name_ = std::move(shape->name);
        has_virtio_header_ = shape->has_virtio_header;
        TunQueues queues;
        queues.push_back(*std::move(tun));
        return queues;
    }
    Result<TunQueues> make_tun(unsigned workers) {
        auto tun = open_tun_here(name_, workers);
        if (!tun) return tun.error();
        auto netlink = Netlink::open();
        if (!netlink) return netlink.error();
        const auto link = find_link(*netlink, name_);
        if (!link) return link.error();
        const auto set = set_link_mtu(*netlink, *link, default_mtu);
        if (!set) return set.error();
        return tun;
    }
    Status start_data_plane(const DataPlaneChoice& choice, TunQueues tun) {
        // A port at once, so that there is one whatever comes first, the configuration or the link.
        auto sockets = open_udp_group(static_cast<unsigned>(tun.size()), 0, 0);
        if (!sockets) return sockets.error();
        auto copies = duplicate(*sockets);
        if (!copies) return copies.error();
        std::vector<Ports> ports(tun.size());
        for (std::size_t i = 0; i < tun.size(); ++i) {
            ports[i].tun = std::move(tun[i]);
            ports[i].udp_v4 = std::move((*sockets)[i].v4);
            ports[i].udp_v6 = std::move((*sockets)[i].v6);
            ports[i].has_virtio_header = has_virtio_header_;
        }
        auto data_plane = DataPlane::start(choice, std::move(ports), {}, [this] {
            asio::post(context_, [this] { end("the interface is gone"); });
        });
        if (!data_plane) return data_plane.error();
        data_plane_ = *std::move(data_plane);
        for (const std::string& reason :
             {data_plane_->facts().io_reason, data_plane_->facts().aead_reason})
            if (!reason.empty()) spdlog::info("{}: {}", name_, reason);
        device_.emplace(context_, *data_plane_, LiveDevice::Sockets{*std::move(copies), 0, false});
        const bool is_told = link_changed(link_watch_->link());
        WG_ASSERT(is_told);  // nothing else is in the mailbox yet
        return Done{};
    }
    Status follow_link(UniqueFd queue) {
        auto watch = LinkWatch::start(context_, std::move(queue),
                                      [this](const Link& link) { return link_changed(link); });
        if (!watch) return watch.error();
        link_watch_ = *std::move(watch);
        return Done{};
    }
    Status follow_routes() {
        auto events = NetworkEvents::start(context_, NetworkPart::routes,
                                           [this] { return data_plane_->post(ForgetSources{}); });
        if (!events) return events.error();
        route_events_ = *std::move(events);
        return Done{};
    }
    bool link_changed(const Link& link) {
        if (link.mtu != mtu_) fit_to_mtu(link);
        spdlog::debug("{}: {}, MTU {}", name_, link.is_up ? "up" : "down", link.mtu);
        return data_plane_->follow(link);
    }
    // One that was moved to another namespace keeps what fits the last MTU that it had here, which
    // works as well.
    void fit_to_mtu(const Link& link) {
        mtu_ = link.mtu;
        static_cast<void>(link_watch_->request([&](Netlink& netlink) -> Status {
            fit_superpackets(netlink, link, link.mtu);
            return Done{};
        }));
    }
    // Clients may come already, and wait.
    Status name_socket() {
        auto made = make_uapi();
        if (!made) return made.error();
        uapi_.emplace(*std::move(made));
        return watch_name();
    }
    void serve() {
        server_.emplace(context_, uapi_->take_listener(),
                        UapiDevice{[this](auto done) { device_->get(std::move(done)); },
                                   [this](DeviceChange change, auto done) {
                                       device_->set(std::move(change), std::move(done));
                                   }});
        server_->start();
    }
    Result<UapiSocket> make_uapi() {
        if (request_.uapi_descriptor.empty()) return UapiSocket::create(name_);
        auto listener = inherited(request_.uapi_descriptor, "WG_UAPI_FD");
        if (!listener) return listener.error();
        return UapiSocket::adopt(*std::move(listener));
    }
    // Whoever takes the socket's name away ends the interface (wireguard-go, ipc/uapi_linux.go).
    Status watch_name() {
        if (uapi_->path().empty()) return Done{};
        UniqueFd events(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
        if (!events) return Error{errno, "inotify_init", "", ""};
        // The file itself lives as long as the socket; losing a name is a change of its attributes.
        const auto added = check(
            ::inotify_add_watch(events.get(), uapi_->path().c_str(), IN_ATTRIB | IN_MOVE_SELF),
            "inotify_add_watch", uapi_->path());
        if (!added) return added.error();
        name_events_.assign(events.release());
        wait_for_name_event();
        return Done{};
    }
    void wait_for_name_event() {
        name_events_.async_read_some(asio::buffer(name_event_),
                                     [this](const error_code& error, std::size_t) {
                                         if (error) return;
                                         if (!uapi_->is_named()) return end("its socket is gone");
                                         wait_for_name_event();
                                     });
    }
    void end(const char* reason) {
        reason_ = reason;
        context_.stop();
    }

    const InterfaceRequest& request_;
    std::string name_;
    const char* reason_ = "";
    bool has_virtio_header_ = true;
    std::uint32_t mtu_ = 0;
    asio::io_context context_;
    asio::signal_set signals_{context_, SIGINT, SIGTERM};
    std::unique_ptr<DataPlane> data_plane_;
    std::optional<LiveDevice> device_;
    std::unique_ptr<LinkWatch> link_watch_;
    std::unique_ptr<NetworkEvents> route_events_;
    std::optional<UapiSocket> uapi_;
    asio::posix::stream_descriptor name_events_{context_};
    std::array<char, 4096> name_event_{};
    std::optional<UapiServer> server_;
};

void set_log_level(const std::string& level) {
    if (level == "verbose" || level == "debug")
        spdlog::set_level(spdlog::level::debug);
    else if (level == "silent")
        spdlog::set_level(spdlog::level::off);
    else
        spdlog::set_level(spdlog::level::err);
}

}  // namespace

Result<Done, Failure> serve_interface(const InterfaceRequest& request) {
    set_log_level(request.log_level);
    std::signal(SIGPIPE, SIG_IGN);
    const auto serve = [&](const Ready& ready) -> Result<Done, Failure> {
        InterfaceDaemon daemon(request);
        const auto started = daemon.start();
        if (!started) return step_failed(request.interface, started.error());
        ready(!request.log_level.empty() && request.log_level != "silent");
        daemon.run();
        return Done{};
    };
    if (request.foreground) return serve([](bool) {});
    return run_in_background(serve);
}

}  // namespace wgns
