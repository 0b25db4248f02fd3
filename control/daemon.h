// The process that carries packets: a control thread (the main one, Boost.Asio) and the workers'
// threads. It works on descriptors that it was given and opens nothing that needs privilege.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/control_server.h"
#include "control/daemon_setup.h"
#include "control/data_plane.h"
#include "control/descriptor_channel.h"
#include "control/descriptor_name.h"
#include "control/device_difference.h"
#include "control/endpoint_resolver.h"
#include "control/link_watch.h"
#include "control/live_device.h"
#include "control/metrics.h"
#include "control/metrics_server.h"
#include "control/network_events.h"
#include "control/publisher.h"
#include "control/reload_request.h"
#include "control/socket_broker.h"
#include "control/status.h"
#include "control/uapi_server.h"
#include "netns/namespace.h"
#include "netns/tun_device.h"

namespace wgns {

// What a command may ask a daemon over the control socket.
namespace control_word {
inline constexpr const char* status = "status";  // control/status.h
// A handshake starts with each peer whose endpoint is known. The answer is {}.
inline constexpr const char* handshake = "handshake";
// With a DaemonSetup's descriptor, and behind it a listener for each endpoint that is to be
// published and is not yet, in the setup's order, and one for metrics if these are to be at another
// port: the device becomes what that says, and the sessions of peers that stay live on. The answer
// counts them: {"added": 1, "removed": 0, "changed": 0}.
inline constexpr const char* reload = "reload";
}  // namespace control_word

class Daemon {
public:
    // `channel` leads to the supervisor.
    explicit Daemon(DescriptorChannel channel);

    // Waits for its descriptors, works until the supervisor closes the channel or the TUN device is
    // gone, and returns the exit status. A failure is told to the supervisor.
    [[nodiscard]] int run();

private:
    // One on its way. A command holds the instance's lock, so a second one is nobody's but a
    // mistake's.
    struct Reload {
        ReloadRequest request;
        PeerCounts peers;
        ControlServer::Answer answer;
    };

    Status start();
    Status prepare(std::map<std::string, UniqueFd>& descriptors);
    Status start_data_plane(const DataPlaneChoice& choice,
                            std::map<std::string, UniqueFd> descriptors);
    Status start_device(const DataPlaneChoice& choice, UdpGroup sockets, TunQueues tun);
    void publish(std::map<std::string, UniqueFd> listeners);
    void follow_link(const Namespace& inside, int queue);
    void follow_routes(const UniqueFd& socket_namespace);
    bool routes_changed();
    Status tell_ready();
    void tell_alive(std::chrono::milliseconds interval);
    void watch_channel();
    void wait_for_end();
    [[nodiscard]] bool drop_late_answer();
    void resolve_names();
    bool look(std::function<void(const DeviceSnapshot&)> seen);
    bool write_endpoint(const PublicKey& peer, const Endpoint& endpoint);
    bool take_snapshot(std::function<void(WorkerSnapshot&)> seen);
    void answer(ControlRequest request, const ControlServer::Answer& answer);
    void tell_status(const ControlServer::Answer& answer);
    void start_handshakes(const ControlServer::Answer& answer);
    void tell_metrics(const MetricsServer::Answer& answer);
    void serve_metrics(std::optional<MetricsServer>& server, UniqueFd listener);
    void serve_metrics_port(UniqueFd listener);
    void reload(std::vector<UniqueFd> descriptors, const ControlServer::Answer& answer);
    void apply(std::shared_ptr<Reload> reload, const DeviceSnapshot& now);
    Status reloaded(ReloadRequest& request);
    void serve_control(UniqueFd listener);
    void serve_uapi(UniqueFd listener);
    void device_changed();
    Status give_to_keep(const std::map<std::string, UniqueFd>& listeners);
    void end(int status);

    boost::asio::io_context context_;
    DescriptorChannel channel_;
    boost::asio::posix::stream_descriptor channel_watch_;
    boost::asio::steady_timer alive_timer_;
    DaemonSetup setup_;
    StatusFacts facts_;
    Families families_{false, false};
    SocketBroker broker_{channel_};
    std::unique_ptr<DataPlane> data_plane_;
    std::optional<LiveDevice> device_;
    std::unique_ptr<LinkWatch> link_watch_;
    std::unique_ptr<NetworkEvents> route_events_;
    std::unique_ptr<Publisher> publisher_;
    std::optional<ControlServer> server_;
    std::optional<UapiServer> uapi_server_;
    std::optional<MetricsServer> metrics_server_;
    std::optional<MetricsServer> metrics_port_;  // none while none is asked for
    EndpointCounts endpoint_counts_;
    // Since each of the two was told the last time: a snapshot has it since the one before.
    Duration longest_turn_for_status_{};
    Duration longest_turn_for_metrics_{};
    std::optional<EndpointResolver> resolver_;
    int status_ = 0;
};

}  // namespace wgns
