// The control socket of a running instance: a client writes one line, a request, with descriptors
// if that has any (unix(7), SCM_RIGHTS), and gets one line of JSON. Control thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "control/acceptor.h"

namespace wgns {

struct ControlRequest {
    std::string text;  // the line without its end
    std::vector<UniqueFd> descriptors;
};

class ControlServer {
public:
    static constexpr std::size_t max_clients = 16;
    static constexpr std::size_t max_request_bytes = 256;
    static constexpr std::chrono::seconds idle_limit{10};

    // Gives the answer, one line without its end, now or later, on the control thread.
    using Answer = std::function<void(std::string line)>;
    using Handler = std::function<void(ControlRequest request, Answer answer)>;

    // `listener` listens already. The context outlives the server, and runs no more once the server
    // is gone.
    ControlServer(boost::asio::io_context& context, UniqueFd listener, Handler handler);
    ~ControlServer();

    void start() { acceptor_.start(); }

private:
    class Client;

    void admit(StreamSocket socket);

    Acceptor acceptor_;
    Handler handler_;
    // Shared with the clients, which the context may hold longer than the server lives.
    std::shared_ptr<std::size_t> client_count_ = std::make_shared<std::size_t>(0);
};

// A listening socket at `path`, which must not exist yet; only its owner may connect (0600).
Result<UniqueFd> listen_control(const std::string& path);

// The other side: sends `request`, with descriptors that stay the caller's, and waits for the line,
// at most `patience`. ENOENT and ECONNREFUSED: nobody listens.
Result<std::string> ask_control(const std::string& path, const std::string& request,
                                std::chrono::milliseconds patience,
                                const std::vector<int>& descriptors = {});

}  // namespace wgns
