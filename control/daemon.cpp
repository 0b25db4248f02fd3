#include "control/daemon.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>
#include <variant>

#include "control/daemon_isolation.h"
#include "control/failure.h"
#include "control/supervisor.h"
#include "control/uapi.h"

namespace wgns {

namespace asio = boost::asio;

namespace {

Error busy() {
    return {EBUSY, "configure", "worker", "it has too much to do; try again"};
}

// Those that the configuration gives as addresses.
std::map<PublicKey, Endpoint> configured_endpoints(const DaemonSetup& setup) {
    std::map<PublicKey, Endpoint> endpoints;
    for (const auto& [peer, names] : setup.peers)
        if (const auto endpoint = Endpoint::parse(names.endpoint)) endpoints[peer] = *endpoint;
    return endpoints;
}

std::string error_line(const Error& error) {
    return nlohmann::json{{"error", describe(error)}}.dump(
        -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The command that made the instance printed this text, so what is wrong with it is our own doing.
Result<DeviceChange> read_change(std::string_view text) {
    UapiReader reader;
    auto request = reader.next(text);
    if (!request) request = reader.finish();
    auto* set = request ? std::get_if<UapiSet>(&*request) : nullptr;
    const int code = set != nullptr ? set->errno_value : EBADMSG;
    if (code != 0) return Error{code, "configure", "device", ""};
    return std::move(set->change);
}

}  // namespace

Daemon::Daemon(DescriptorChannel channel)
    : channel_(std::move(channel)), channel_watch_(context_), alive_timer_(context_) {}

int Daemon::run() {
    const auto started = start();
    if (!started) {
        const std::string reason = describe(started.error());
        spdlog::error("{}: {}", setup_.instance, reason);
        const auto told = channel_.send({{daemon_word::failed, reason}});
        if (!told) spdlog::error("{}: {}", setup_.instance, describe(told.error()));
        return exit_status::failed;
    }
    context_.run();
    return status_;
}

Status Daemon::start() {
    auto received = channel_.receive();
    if (!received) return received.error();
    if (!*received) return Error{EPIPE, "receive", "supervisor's descriptors", ""};
    std::map<std::string, UniqueFd> descriptors = std::move((**received).descriptors);

    auto setup = read_setup(take_descriptor(descriptors, descriptor_name::setup).get());
    if (!setup) return setup.error();
    setup_ = std::move(*setup);
    facts_.setup = &setup_;
    facts_.pid = ::getpid();
    if (setup_.is_quiet) spdlog::set_level(spdlog::level::warn);
    UniqueFd control = take_descriptor(descriptors, descriptor_name::control);
    UniqueFd uapi = take_descriptor(descriptors, descriptor_name::uapi);
    UniqueFd metrics = take_descriptor(descriptors, descriptor_name::metrics);
    UniqueFd metrics_port = take_descriptor(descriptors, descriptor_name::metrics_port);
    if (!setup_.metrics_listen.empty() && !metrics_port)
        return missing_descriptor(descriptor_name::metrics_port);
    // One that was is still with the supervisor, though nobody listens there any more.
    if (setup_.metrics_listen.empty()) metrics_port.reset();
    std::map<std::string, UniqueFd> listeners;
    for (const DaemonSetup::Publish& each : setup_.published) {
        const std::string name = publish_descriptor(each.host);
        listeners[name] = take_descriptor(descriptors, name);
        if (!listeners[name]) return missing_descriptor(descriptor_name::publish);
    }
    const auto choice = choose(setup_.data_plane);
    auto done = choice ? prepare(descriptors) : choice.error();
    if (done) done = isolate_daemon(choice->io);
    if (done) done = start_data_plane(*choice, std::move(descriptors));
    if (!done) return done;
    forbid_new_rings();
    publish(std::move(listeners));

    if (control) serve_control(std::move(control));
    if (uapi) serve_uapi(std::move(uapi));
    if (metrics) serve_metrics(metrics_server_, std::move(metrics));
    serve_metrics_port(std::move(metrics_port));
    watch_channel();
    const std::chrono::milliseconds interval(
        (**received).body.value(daemon_word::alive_interval_ms, 0));
    if (interval.count() > 0) tell_alive(interval);
    return tell_ready();
}

// All that needs a privilege, for as long as there is one.
Status Daemon::prepare(std::map<std::string, UniqueFd>& descriptors) {
    follow_routes(take_descriptor(descriptors, descriptor_name::socket_namespace));
    const UniqueFd netns = take_descriptor(descriptors, descriptor_name::netns);
    const auto inside = Namespace::open("/proc/self/fd/" + std::to_string(netns.get()));
    if (!inside) return inside.error();
    const auto queue = descriptors.find(numbered_descriptor(descriptor_name::tun, 0));
    if (queue == descriptors.end()) return missing_descriptor(descriptor_name::tun);
    follow_link(*inside, queue->second.get());
    auto publisher =
        Publisher::start(UniqueFd(::fcntl(inside->fd(), F_DUPFD_CLOEXEC, 0)), isolate_thread);
    if (!publisher) return publisher.error();
    publisher_ = *std::move(publisher);
    return Done{};
}

// A listener may be missing where its endpoint is published already.
void Daemon::publish(std::map<std::string, UniqueFd> listeners) {
    std::vector<PublishedListener> published;
    for (const DaemonSetup::Publish& each : setup_.published)
        published.push_back(
            {each.host, each.inside, take_descriptor(listeners, publish_descriptor(each.host))});
    publisher_->serve(std::move(published));
}

Status Daemon::start_data_plane(const DataPlaneChoice& choice,
                                std::map<std::string, UniqueFd> descriptors) {
    UdpGroup sockets = take_udp_group(descriptors);
    TunQueues queues;
    while (queues.size() < sockets.size()) {
        const auto worker = static_cast<unsigned>(queues.size());
        UniqueFd tun =
            take_descriptor(descriptors, numbered_descriptor(descriptor_name::tun, worker));
        if (!tun) return missing_descriptor(descriptor_name::tun);
        queues.push_back(std::move(tun));
    }
    if (sockets.empty()) return missing_descriptor(descriptor_name::udp4);
    const auto started = start_device(choice, std::move(sockets), std::move(queues));
    if (!started || !link_watch_) return started;
    const bool is_told = data_plane_->follow(link_watch_->link());
    WG_ASSERT(is_told);  // nothing else is in the mailbox yet
    return Done{};
}

Status Daemon::start_device(const DataPlaneChoice& choice, UdpGroup sockets, TunQueues tun) {
    auto copies = duplicate(sockets);
    if (!copies) return copies.error();
    families_ = {static_cast<bool>(sockets[0].v4), static_cast<bool>(sockets[0].v6)};
    std::vector<Ports> ports(tun.size());
    for (std::size_t i = 0; i < tun.size(); ++i) {
        ports[i].tun = std::move(tun[i]);
        ports[i].udp_v4 = std::move(sockets[i].v4);
        ports[i].udp_v6 = std::move(sockets[i].v6);
    }
    auto config = read_change(setup_.uapi);
    // The device has the keys from here on, where they belong; this text is on the common heap.
    wipe_key_text(setup_.uapi);
    if (!config) return config.error();
    LiveDevice::Sockets kept{*std::move(copies), config->fwmark.value_or(0),
                             config->listen_port.value_or(0) != 0};
    auto data_plane = DataPlane::start(
        choice, std::move(ports), {setup_.mtu, *std::move(config)},
        [this] { asio::post(context_, [this] { end(daemon_word::device_gone); }); });
    if (!data_plane) return data_plane.error();
    data_plane_ = *std::move(data_plane);
    facts_.data_plane = data_plane_->facts();
    device_.emplace(context_, *data_plane_, std::move(kept),
                    SocketCalls{[this](unsigned count, std::uint16_t port, std::uint32_t fwmark) {
                                    return broker_.open(count, port, fwmark);
                                },
                                [this](const UdpGroup& group, std::uint32_t fwmark) {
                                    return broker_.mark(group, fwmark);
                                }});
    facts_.listen_port = device_->listen_port();
    return Done{};
}

// A tunnel whose link nobody takes down works without, too.
void Daemon::follow_link(const Namespace& inside, int queue) {
    const auto changed = [this](const Link& link) { return data_plane_->follow(link); };
    auto watch = LinkWatch::start_inside(context_, inside,
                                         UniqueFd(::fcntl(queue, F_DUPFD_CLOEXEC, 0)), changed);
    if (!watch)
        return spdlog::warn("{}: does not follow its link: {}", setup_.instance,
                            describe(watch.error()));
    link_watch_ = *std::move(watch);
}

// Without, answers may leave from an address that is gone until the peer is heard again.
void Daemon::follow_routes(const UniqueFd& socket_namespace) {
    const auto start = [this] {
        return NetworkEvents::start(context_, NetworkPart::routes,
                                    [this] { return routes_changed(); });
    };
    const auto ns = socket_namespace
                        ? Namespace::open("/proc/self/fd/" + std::to_string(socket_namespace.get()))
                        : Namespace::current();
    auto events = ns ? ns->run(start) : ns.error();
    if (!events)
        return spdlog::warn("{}: does not follow the host's routes: {}", setup_.instance,
                            describe(events.error()));
    route_events_ = *std::move(events);
}

bool Daemon::routes_changed() {
    if (!data_plane_->post(ForgetSources{})) return false;
    if (resolver_) resolver_->network_changed();
    return true;
}

Status Daemon::tell_ready() {
    auto told = channel_.send({{daemon_word::ready, true}});
    if (!told) return told;
    spdlog::info("{}: ready, UDP port {}", setup_.instance, facts_.listen_port);
    resolve_names();
    return Done{};
}

void Daemon::serve_control(UniqueFd listener) {
    server_.emplace(context_, std::move(listener),
                    [this](ControlRequest request, const ControlServer::Answer& reply) {
                        answer(std::move(request), reply);
                    });
    server_->start();
}

void Daemon::serve_uapi(UniqueFd listener) {
    UapiDevice device;
    device.get = [this](auto done) { device_->get(std::move(done)); };
    device.set = [this](DeviceChange change, std::function<void(int)> done) {
        device_->set(std::move(change), [this, done = std::move(done)](int error) {
            if (error == 0) device_changed();
            done(error);
        });
    };
    uapi_server_.emplace(context_, std::move(listener), std::move(device));
    uapi_server_->start();
}

// By others than us: a next daemon is to begin with it.
void Daemon::device_changed() {
    facts_.listen_port = device_->listen_port();
    device_->get([this](const std::optional<DeviceSnapshot>& now) {
        if (!now) return;
        setup_.uapi = print_set(change_to(*now));
        const auto kept = give_to_keep({});
        if (!kept) spdlog::warn("{}: {}", setup_.instance, describe(kept.error()));
    });
}

void Daemon::watch_channel() {
    // A descriptor of its own: Asio closes what it watches.
    channel_watch_.assign(::fcntl(channel_.fd(), F_DUPFD_CLOEXEC, 0));
    wait_for_end();
}

// An answer of the supervisor's that was taken already may have been announced, too; and one may
// come when nobody waits for it any more.
void Daemon::wait_for_end() {
    channel_watch_.async_wait(asio::posix::stream_descriptor::wait_read,
                              [this](const boost::system::error_code& error) {
                                  if (error) return;
                                  if (channel_.is_readable() && !drop_late_answer())
                                      return end(exit_status::done);
                                  wait_for_end();
                              });
}

// False: there is none, but the channel's end.
bool Daemon::drop_late_answer() {
    const auto late = channel_.receive();
    return late ? late->has_value() : late.error().code == EBADMSG;
}

// A thread that hangs does not tell.
void Daemon::tell_alive(std::chrono::milliseconds interval) {
    alive_timer_.expires_after(interval);
    alive_timer_.async_wait([this, interval](const boost::system::error_code& error) {
        if (error) return;
        const auto told = channel_.send({{daemon_word::alive, true}});
        if (told) tell_alive(interval);
    });
}

void Daemon::resolve_names() {
    EndpointResolver::Calls calls;
    calls.look = [this](auto seen) { return look(std::move(seen)); };
    calls.write = [this](const PublicKey& peer, const Endpoint& endpoint) {
        return write_endpoint(peer, endpoint);
    };
    calls.failed = [this](const std::string& host, const std::string& reason) {
        ++endpoint_counts_.failed_lookups;
        spdlog::warn("{}: endpoint {}: {}; trying again", setup_.instance, host, reason);
    };
    resolver_.emplace(context_, families_, std::move(calls));
    resolver_->follow(setup_.named_endpoints);
}

bool Daemon::look(std::function<void(const DeviceSnapshot&)> seen) {
    return take_snapshot(
        [seen = std::move(seen)](WorkerSnapshot& snapshot) { seen(snapshot.device); });
}

// `seen` is called on the control thread. False: too busy, and it is not.
bool Daemon::take_snapshot(std::function<void(WorkerSnapshot&)> seen) {
    return data_plane_->post(TakeSnapshot{[this, seen = std::move(seen)](WorkerSnapshot snapshot) {
        auto shared = std::make_shared<WorkerSnapshot>(std::move(snapshot));
        asio::post(context_, [this, seen, shared] {
            const Duration turn = shared->queues.longest_turn;
            longest_turn_for_status_ = std::max(longest_turn_for_status_, turn);
            longest_turn_for_metrics_ = std::max(longest_turn_for_metrics_, turn);
            seen(*shared);
        });
    }});
}

// The session goes on at the new place; the handshake shows whether anybody is there.
bool Daemon::write_endpoint(const PublicKey& peer, const Endpoint& endpoint) {
    DeviceChange change;
    PeerChange& update = change.peers.emplace_back();
    update.public_key = peer;
    update.update_only = true;
    update.endpoint = endpoint;
    update.start_handshake = true;
    if (!data_plane_->post(ApplyChange{std::move(change), [](int) {}})) return false;
    ++endpoint_counts_.changes;
    spdlog::info("{}: endpoint {}", setup_.instance, endpoint.to_string());
    return true;
}

void Daemon::answer(ControlRequest request, const ControlServer::Answer& answer) {
    if (request.text == control_word::status) return tell_status(answer);
    if (request.text == control_word::handshake) return start_handshakes(answer);
    if (request.text == control_word::reload) return reload(std::move(request.descriptors), answer);
    answer(R"({"error":"unknown request"})");
}

void Daemon::tell_status(const ControlServer::Answer& answer) {
    const bool is_asked = take_snapshot([this, answer](WorkerSnapshot& snapshot) {
        snapshot.queues.longest_turn = std::exchange(longest_turn_for_status_, {});
        const auto replace = nlohmann::json::error_handler_t::replace;
        answer(status_json(snapshot, facts_).dump(-1, ' ', false, replace));
    });
    if (!is_asked) answer(error_line(busy()));
}

void Daemon::tell_metrics(const MetricsServer::Answer& answer) {
    const bool is_asked = take_snapshot([this, answer](WorkerSnapshot& snapshot) {
        snapshot.queues.longest_turn = std::exchange(longest_turn_for_metrics_, {});
        answer(metrics_text(snapshot, facts_, endpoint_counts_));
    });
    if (!is_asked) answer(std::nullopt);
}

void Daemon::serve_metrics(std::optional<MetricsServer>& server, UniqueFd listener) {
    server.emplace(context_, std::move(listener),
                   [this](const MetricsServer::Answer& answer) { tell_metrics(answer); });
}

// No listener: the port stays as it is, or goes where none is asked for. The supervisor still has a
// listener that was, so that is shut for both.
void Daemon::serve_metrics_port(UniqueFd listener) {
    if (metrics_port_ && (listener || setup_.metrics_listen.empty())) {
        metrics_port_->shut();
        metrics_port_.reset();
    }
    if (listener) serve_metrics(metrics_port_, std::move(listener));
}

void Daemon::start_handshakes(const ControlServer::Answer& answer) {
    device_->get([this, answer](const std::optional<DeviceSnapshot>& now) {
        if (!now) return answer(error_line(busy()));
        DeviceChange change;
        for (const PeerSnapshot& each : now->peers) {
            PeerChange& peer = change.peers.emplace_back();
            peer.public_key = each.public_key;
            peer.update_only = true;
            peer.start_handshake = true;
        }
        device_->set(std::move(change), [answer](int) { answer("{}"); });
    });
}

void Daemon::reload(std::vector<UniqueFd> descriptors, const ControlServer::Answer& answer) {
    auto request = ReloadRequest::read(std::move(descriptors), setup_);
    if (!request) return answer(error_line(request.error()));
    auto reload = std::make_shared<Reload>(Reload{*std::move(request), {}, answer});
    device_->get([this, reload](const std::optional<DeviceSnapshot>& now) {
        if (!now) return reload->answer(error_line(busy()));
        apply(reload, *now);
    });
}

void Daemon::apply(std::shared_ptr<Reload> reload, const DeviceSnapshot& now) {
    const auto wanted = read_change(reload->request.setup.uapi);
    if (!wanted) return reload->answer(error_line(wanted.error()));
    DeviceChange difference = device_difference(now, configured_endpoints(setup_), *wanted);
    reload->peers = count_peers(difference);
    device_->set(std::move(difference), [this, reload = std::move(reload)](int error) {
        const auto done =
            error == 0
                ? reloaded(reload->request)
                : Status(Error{error, "configure", "device", "its UDP port or mark cannot be had"});
        const PeerCounts& peers = reload->peers;
        const nlohmann::json counts{
            {"added", peers.added}, {"removed", peers.removed}, {"changed", peers.changed}};
        reload->answer(done ? counts.dump() : error_line(done.error()));
    });
}

Status Daemon::reloaded(ReloadRequest& request) {
    if (!data_plane_->post(SetMtu{request.setup.mtu})) return busy();
    // What carries packets stays as it was chosen.
    request.setup.data_plane = setup_.data_plane;
    setup_ = std::move(request.setup);
    facts_.listen_port = device_->listen_port();
    if (resolver_) resolver_->follow(setup_.named_endpoints);
    spdlog::info("{}: reloaded, UDP port {}", setup_.instance, facts_.listen_port);
    const auto kept = give_to_keep(request.listeners);
    if (!kept) return kept;
    serve_metrics_port(take_descriptor(request.listeners, descriptor_name::metrics_port));
    publish(std::move(request.listeners));
    return Done{};
}

// What the next daemon starts with, should this one crash.
Status Daemon::give_to_keep(const std::map<std::string, UniqueFd>& listeners) {
    const auto file = write_setup(setup_);
    wipe_key_text(setup_.uapi);
    if (!file) return file.error();
    std::map<std::string, int> lent = lend(device_->sockets());
    lent[descriptor_name::setup] = file->get();
    for (const auto& [name, listener] : listeners)
        lent[name] = listener.get();
    return channel_.send({{daemon_word::keep, true}}, lent);
}

void Daemon::end(int status) {
    status_ = status;
    context_.stop();
}

}  // namespace wgns
