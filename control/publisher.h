// Ports of the host that lead to ports inside. Nothing joins the two networks but a thread that
// lives inside and holds listening sockets from outside: a socket belongs to the namespace in which
// it was opened, whoever accepts on it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "control/stream_socket.h"

namespace wgns {

// What carries a connection: names of system calls (seccomp(2)).
[[nodiscard]] std::span<const char* const> calls_of_publisher() noexcept;

struct PublishedListener {
    std::string host;  // the endpoint as text, which tells it apart from the others
    std::uint16_t inside = 0;
    UniqueFd listener;  // by open_listener
};

// A socket that listens at `host`, in the caller's namespace. `key` of the configuration is what a
// hint names.
Result<UniqueFd> open_listener(const Endpoint& host, const std::string& key = "Publish");

class Publisher {
public:
    // More wait in the listeners' queues. Each takes two descriptors.
    static constexpr std::size_t connections_max = 1024;

    // Starts the thread, which enters the namespace for good, calls `settle`, and publishes nothing
    // yet. It needs CAP_SYS_ADMIN, from here on no more. Raises the process's limit of descriptors
    // as far as it goes without privilege.
    static Result<std::unique_ptr<Publisher>> start(
        UniqueFd inner_namespace, std::function<Status()> settle = [] { return Done{}; },
        std::size_t connections = connections_max);
    // Ends all connections. The listeners go on in other processes that hold them.
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    // Replaces what is published. For a host's endpoint that is published already the listener may
    // be missing, and stays the one it was. An endpoint that is gone is closed for every process
    // that holds its listener; its connections live on. From any thread; done soon after.
    void serve(std::vector<PublishedListener> published);

private:
    struct Port;
    struct Opening;

    explicit Publisher(std::size_t connections);
    void replace(std::vector<PublishedListener> published);
    void admit(StreamSocket connection, std::uint16_t inside);
    void connect(const std::shared_ptr<Opening>& opening);
    void connected(const std::shared_ptr<Opening>& opening, bool is_there);
    void ended();

    const std::size_t connections_limit_;
    std::size_t connections_ = 0;
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::map<std::string, std::unique_ptr<Port>> ports_;
    std::thread thread_;
};

}  // namespace wgns
