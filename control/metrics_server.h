// Answers GET /metrics over HTTP/1.1 on one listening stream socket, Unix or TCP. Control thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "control/acceptor.h"

namespace wgns {

class MetricsServer {
public:
    static constexpr std::size_t max_clients = 16;  // one more is closed at once
    static constexpr std::size_t max_request_bytes = std::size_t{8} * 1024;
    // From one answer's end, or from the beginning, to the end of the next one.
    static constexpr std::chrono::milliseconds usual_patience{10'000};

    // Gives the text, or nothing where it cannot be had now; at once or later, on the control
    // thread.
    using Answer = std::function<void(std::optional<std::string> text)>;
    using Source = std::function<void(Answer answer)>;

    // `listener` listens already. The context outlives the server; clients that it has taken are
    // served to their end without it, so the source outlives the context's last run.
    MetricsServer(boost::asio::io_context& context, UniqueFd listener, Source source,
                  std::chrono::milliseconds patience = usual_patience);
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    // Nobody else who has the listener takes connections from it any more, either.
    void shut() { acceptor_.shut(); }

private:
    class Client;
    struct Shared;  // with clients, which the context may hold longer than the server lives

    std::shared_ptr<Shared> shared_;
    Acceptor acceptor_;
};

}  // namespace wgns
