// UAPI over a listening socket: any number of requests a connection, one after the other, also when
// they come in one piece. A client waits for nobody but the device: each has a time for its request
// and for taking the answer, and the one that uses it up, or has waited longest when there are too
// many, is sent away. Control thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/unique_fd.h"
#include "control/acceptor.h"
#include "protocol/device_change.h"
#include "protocol/device_snapshot.h"

namespace wgns {

// What UAPI speaks to. The callbacks come later, on the control thread.
struct UapiDevice {
    // Nothing: it cannot be told now; the client is sent away.
    std::function<void(std::function<void(std::optional<DeviceSnapshot>)> done)> get;
    std::function<void(DeviceChange change, std::function<void(int error)> done)> set;
};

class UapiServer {
public:
    static constexpr std::size_t max_clients = 16;
    // From the end of an answer to the end of the next request, and for taking an answer.
    static constexpr std::chrono::seconds idle_limit{10};

    // `listener` listens already. The context outlives the server, and runs no more once the server
    // is gone.
    UapiServer(boost::asio::io_context& context, UniqueFd listener, UapiDevice device,
               std::chrono::milliseconds patience = idle_limit);
    ~UapiServer();

    void start() { acceptor_.start(); }

private:
    class Client;

    void admit(StreamSocket socket);

    Acceptor acceptor_;
    UapiDevice device_;
    std::chrono::milliseconds patience_;
    // Shared with the clients, which the context may hold longer than the server lives.
    std::shared_ptr<std::vector<Client*>> clients_ = std::make_shared<std::vector<Client*>>();
};

// The system calls of a server that has its listener, beside those of Asio (control/isolation.h).
[[nodiscard]] std::span<const char* const> calls_of_uapi_server() noexcept;

}  // namespace wgns
