#include "control/daemon.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>
#include <variant>

#include "control/failure.h"
#include "control/supervisor.h"
#include "control/uapi.h"
#include "dataplane/udp_socket.h"

namespace wgns {

namespace asio = boost::asio;

namespace {

UniqueFd take(std::map<std::string, UniqueFd>& descriptors, const std::string& name) {
    const auto at = descriptors.find(name);
    return at == descriptors.end() ? UniqueFd() : std::move(at->second);
}

Error missing(const char* name) {
    return {EBADF, "receive", std::string("descriptor ") + name, ""};
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

std::string worker_descriptor(const char* name, unsigned worker) {
    return std::string(name) + '.' + std::to_string(worker);
}

Daemon::Daemon(DescriptorChannel channel)
    : channel_(std::move(channel)), channel_watch_(context_) {}

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

    auto setup = read_setup(take(descriptors, descriptor_name::setup).get());
    if (!setup) return setup.error();
    setup_ = std::move(*setup);
    facts_.setup = &setup_;
    UniqueFd listener = take(descriptors, descriptor_name::control);
    if (!listener) return missing(descriptor_name::control);
    auto done = start_data_plane(std::move(descriptors));
    if (done) done = configure();
    if (!done) return done;

    server_.emplace(context_, std::move(listener),
                    [this](const std::string& request, ControlServer::Answer reply) {
                        answer(request, std::move(reply));
                    });
    server_->start();
    watch_channel();
    return Done{};
}

Status Daemon::start_data_plane(std::map<std::string, UniqueFd> descriptors) {
    std::vector<Ports> ports;
    for (unsigned worker = 0; worker < Workers::count_max; ++worker) {
        UniqueFd tun = take(descriptors, worker_descriptor(descriptor_name::tun, worker));
        if (!tun) break;
        Ports& one = ports.emplace_back();
        one.tun = std::move(tun);
        one.udp_v4 = take(descriptors, worker_descriptor(descriptor_name::udp4, worker));
        one.udp_v6 = take(descriptors, worker_descriptor(descriptor_name::udp6, worker));
        if (!one.udp_v4 && !one.udp_v6) return missing(descriptor_name::udp4);
    }
    if (ports.empty()) return missing(descriptor_name::tun);
    families_ = {static_cast<bool>(ports[0].udp_v4), static_cast<bool>(ports[0].udp_v6)};
    facts_.listen_port = local_port((families_.v4 ? ports[0].udp_v4 : ports[0].udp_v6).get());
    const auto choice = choose(setup_.data_plane);
    if (!choice) return choice.error();
    UniqueFd queue(::fcntl(ports[0].tun.get(), F_DUPFD_CLOEXEC, 0));
    auto data_plane = DataPlane::start(*choice, std::move(ports), [this] {
        asio::post(context_, [this] { end(daemon_word::device_gone); });
    });
    if (!data_plane) return data_plane.error();
    data_plane_ = *std::move(data_plane);
    facts_.data_plane = data_plane_->facts();
    follow_link(std::move(queue));
    follow_routes();
    return Done{};
}

// A tunnel whose link nobody takes down works without, too.
void Daemon::follow_link(UniqueFd queue) {
    const auto changed = [this](const Link& link) { return data_plane_->follow(link); };
    auto watch = LinkWatch::start(context_, std::move(queue), changed);
    if (!watch)
        return spdlog::warn("{}: does not follow its link: {}", setup_.instance,
                            describe(watch.error()));
    link_watch_ = *std::move(watch);
    const bool is_told = changed(link_watch_->link());
    WG_ASSERT(is_told);  // nothing else is in the mailbox yet
}

// Without, answers may leave from an address that is gone until the peer is heard again.
void Daemon::follow_routes() {
    auto events =
        NetworkEvents::start(context_, NetworkPart::routes, [this] { return routes_changed(); });
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

Status Daemon::configure() {
    auto change = read_change(setup_.uapi);
    if (!change) return change.error();
    const bool posted = data_plane_->post(SetMtu{setup_.mtu}) &&
                        data_plane_->post(ApplyChange{std::move(*change), [this](int error) {
                                                          asio::post(context_, [this, error] {
                                                              configured(error);
                                                          });
                                                      }});
    if (!posted) return Error{EBUSY, "configure", "worker", ""};
    return Done{};
}

void Daemon::configured(int error) {
    const nlohmann::json word =
        error == 0
            ? nlohmann::json{{daemon_word::ready, true}}
            : nlohmann::json{{daemon_word::failed, describe({error, "configure", "worker", ""})}};
    const auto told = channel_.send(word);
    if (error != 0 || !told) return end(exit_status::failed);
    spdlog::info("{}: ready, UDP port {}", setup_.instance, facts_.listen_port);
    resolve_names();
}

void Daemon::watch_channel() {
    // A descriptor of its own: Asio closes what it watches.
    channel_watch_.assign(::fcntl(channel_.fd(), F_DUPFD_CLOEXEC, 0));
    channel_watch_.async_wait(asio::posix::stream_descriptor::wait_read,
                              [this](const boost::system::error_code& error) {
                                  if (!error) end(exit_status::done);
                              });
}

void Daemon::resolve_names() {
    EndpointResolver::Calls calls;
    calls.look = [this](auto seen) { return look(std::move(seen)); };
    calls.write = [this](const PublicKey& peer, const Endpoint& endpoint) {
        return write_endpoint(peer, endpoint);
    };
    calls.failed = [this](const std::string& host, const std::string& reason) {
        spdlog::warn("{}: endpoint {}: {}; trying again", setup_.instance, host, reason);
    };
    resolver_.emplace(context_, families_, std::move(calls));
    for (const NamedEndpoint& each : setup_.named_endpoints)
        resolver_->follow(each);
}

bool Daemon::look(std::function<void(const DeviceSnapshot&)> seen) {
    return data_plane_->post(TakeSnapshot{[this, seen = std::move(seen)](WorkerSnapshot snapshot) {
        auto shared = std::make_shared<WorkerSnapshot>(std::move(snapshot));
        asio::post(context_, [seen, shared] { seen(shared->device); });
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
    spdlog::info("{}: endpoint {}", setup_.instance, endpoint.to_string());
    return true;
}

void Daemon::answer(const std::string& request, ControlServer::Answer answer) {
    if (request != "status") return answer(R"({"error":"unknown request"})");
    const auto take_snapshot = [this, answer](WorkerSnapshot snapshot) {
        auto shared = std::make_shared<WorkerSnapshot>(std::move(snapshot));
        asio::post(context_, [this, answer, shared] {
            const auto replace = nlohmann::json::error_handler_t::replace;
            answer(status_json(*shared, facts_).dump(-1, ' ', false, replace));
        });
    };
    if (!data_plane_->post(TakeSnapshot{take_snapshot}))
        answer(R"({"error":"the worker is busy"})");
}

void Daemon::end(int status) {
    status_ = status;
    context_.stop();
}

}  // namespace wgns
