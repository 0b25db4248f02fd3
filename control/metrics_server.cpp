#include "control/metrics_server.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

#include "control/metrics.h"

namespace wgns {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

// What a client may still send that is sent away, so that the answer reaches it before a reset.
constexpr std::size_t ignored_bytes_max = std::size_t{256} * 1024;

http::status status_of(const error_code& error) {
    const bool is_long =
        error == http::error::header_limit || error == http::error::buffer_overflow;
    return is_long ? http::status::request_header_fields_too_large : http::status::bad_request;
}

bool is_path(beast::string_view target) {
    return target.substr(0, target.find('?')) == "/metrics";
}

}  // namespace

struct MetricsServer::Shared {
    Source source;
    std::chrono::milliseconds patience;
    std::size_t clients = 0;
};

// Lives as long as one of its operations is under way.
class MetricsServer::Client : public std::enable_shared_from_this<Client> {
public:
    Client(std::shared_ptr<Shared> shared, StreamSocket socket)
        : shared_(std::move(shared)),
          socket_(std::move(socket)),
          deadline_(socket_.get_executor()),
          buffer_(max_request_bytes) {
        ++shared_->clients;
    }
    ~Client() { --shared_->clients; }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void next_request() {
        be_patient();
        parser_.emplace();
        parser_->header_limit(max_request_bytes);
        http::async_read_header(socket_, buffer_, *parser_,
                                [self = shared_from_this()](const error_code& error, std::size_t) {
                                    self->received(error);
                                });
    }

private:
    // Each deadline replaces the one before.
    void be_patient() {
        deadline_.expires_after(shared_->patience);
        deadline_.async_wait([weak = weak_from_this()](const error_code& error) {
            const auto self = weak.lock();
            if (!error && self) self->close();
        });
    }

    void received(const error_code& error) {
        const auto& malformed = http::make_error_code(http::error::bad_method).category();
        const bool has_ended =
            error == http::error::end_of_stream || error == http::error::partial_message;
        if (error && (has_ended || error.category() != malformed)) return close();
        if (error) {
            ends_ = true;
            return answer(status_of(error), "this is not a request\n");
        }
        const auto& request = parser_->get();
        // A body would have to be read before the next request could be, and nothing here has one.
        ends_ = !request.keep_alive() || !parser_->is_done();
        if (request.method() != http::verb::get && request.method() != http::verb::head)
            return answer(http::status::method_not_allowed, "GET and HEAD are served here\n");
        if (!is_path(request.target()))
            return answer(http::status::not_found, "what there is, is at /metrics\n");
        shared_->source([self = shared_from_this()](std::optional<std::string> text) {
            if (!self->socket_.is_open()) return;
            if (!text)
                return self->answer(http::status::service_unavailable, "too busy; try again\n");
            self->answer(http::status::ok, *std::move(text));
        });
    }

    void answer(http::status status, std::string body) {
        response_ = {};
        const auto& request = parser_->get();
        response_.version(request.version() == 10 ? 10 : 11);
        response_.result(status);
        response_.set(http::field::content_type,
                      status == http::status::ok ? metrics_content_type : "text/plain");
        if (status == http::status::method_not_allowed)
            response_.set(http::field::allow, "GET, HEAD");
        response_.keep_alive(!ends_);
        response_.body() = std::move(body);
        response_.prepare_payload();
        serializer_.emplace(response_);
        const auto sent = [self = shared_from_this()](const error_code& error, std::size_t) {
            self->sent(error);
        };
        if (request.method() == http::verb::head)
            http::async_write_header(socket_, *serializer_, sent);
        else
            http::async_write(socket_, *serializer_, sent);
    }

    void sent(const error_code& error) {
        if (error && error != http::error::end_of_stream) return close();
        if (!ends_) return next_request();
        error_code ignored;
        socket_.shutdown(StreamSocket::shutdown_send, ignored);
        ignore_rest();
    }

    void ignore_rest() {
        socket_.async_read_some(
            asio::buffer(rest_),
            [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                self->ignored_bytes_ += bytes;
                if (error || self->ignored_bytes_ > ignored_bytes_max) return self->close();
                self->ignore_rest();
            });
    }

    void close() {
        error_code ignored;
        deadline_.cancel();
        socket_.close(ignored);
    }

    std::shared_ptr<Shared> shared_;
    StreamSocket socket_;
    asio::steady_timer deadline_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::empty_body>> parser_;
    http::response<http::string_body> response_;
    std::optional<http::response_serializer<http::string_body>> serializer_;
    bool ends_ = false;
    std::size_t ignored_bytes_ = 0;
    std::array<char, 4096> rest_{};
};

MetricsServer::MetricsServer(asio::io_context& context, UniqueFd listener, Source source,
                             std::chrono::milliseconds patience)
    : shared_(std::make_shared<Shared>(Shared{std::move(source), patience})),
      acceptor_(context, std::move(listener), [shared = shared_](StreamSocket connection) {
          if (shared->clients < max_clients)
              std::make_shared<Client>(shared, std::move(connection))->next_request();
      }) {
    acceptor_.start();
}

MetricsServer::~MetricsServer() = default;

}  // namespace wgns
