#include "control/uapi_server.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "control/uapi.h"

namespace wgns {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t piece_bytes = 16'384;

constexpr const char* calls_to_serve[] = {"recvfrom", "recvmsg", "sendmsg", "sendto"};

}  // namespace

std::span<const char* const> calls_of_uapi_server() noexcept {
    return calls_to_serve;
}

// Lives as long as one of its operations is under way.
class UapiServer::Client : public std::enable_shared_from_this<Client> {
public:
    using Clock = asio::steady_timer::clock_type;

    Client(UapiServer& server, StreamSocket socket)
        : device_(server.device_),
          patience_(server.patience_),
          others_(server.clients_),
          socket_(std::move(socket)),
          deadline_(socket_.get_executor()) {
        others_->push_back(this);
    }
    ~Client() {
        close();
        wipe(piece_);
        wipe_key_text(answer_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void start() {
        wait_for_client();
        read();
    }
    void close() {
        error_code ignored;
        // Its place is free at once, not only when the last operation has been cancelled.
        std::erase(*others_, this);
        deadline_.cancel();
        socket_.close(ignored);
    }
    // Whether it is the client's turn, and since when.
    [[nodiscard]] bool is_waited_for() const noexcept { return waited_for_; }
    [[nodiscard]] Clock::time_point waited_until() const { return deadline_.expiry(); }

private:
    void wait_for_client() {
        waited_for_ = true;
        deadline_.expires_after(patience_);
        deadline_.async_wait([weak = weak_from_this()](const error_code& error) {
            const auto self = weak.lock();
            if (!error && self && self->waited_for_ && self->waited_until() <= Clock::now())
                self->close();
        });
    }
    void read() {
        socket_.async_read_some(
            asio::buffer(piece_),
            [self = shared_from_this()](const error_code& error, std::size_t size) {
                self->arrived(error, size);
            });
    }
    void arrived(const error_code& error, std::size_t size) {
        if (error && error != asio::error::eof) return close();
        unread_ = {reinterpret_cast<const char*>(piece_.data()), size};
        has_ended_ = error == asio::error::eof;
        next_request();
    }
    void next_request() {
        auto request = has_ended_ ? reader_.finish() : reader_.next(unread_);
        if (request) return handle(std::move(*request));
        wipe(piece_);
        if (has_ended_) return close();
        read();
    }
    void handle(UapiRequest request) {
        waited_for_ = false;
        deadline_.cancel();
        if (std::holds_alternative<UapiGet>(request)) return get();
        if (auto* const set = std::get_if<UapiSet>(&request)) return this->set(std::move(*set));
        if (const auto* const refused = std::get_if<UapiError>(&request))
            return answer(print_set_reply(refused->errno_value));
        close();
    }
    void get() {
        device_.get([self = shared_from_this()](std::optional<DeviceSnapshot> device) {
            if (!device) return self->close();
            self->answer(print_get(*device));
        });
    }
    void set(UapiSet request) {
        device_.set(std::move(request.change),
                    [self = shared_from_this(), refused = request.errno_value](int error) {
                        self->answer(print_set_reply(refused != 0 ? refused : error));
                    });
    }
    void answer(std::string text) {
        answer_ = std::move(text);
        wait_for_client();
        asio::async_write(socket_, asio::buffer(answer_),
                          [self = shared_from_this()](const error_code& error, std::size_t) {
                              self->answered(error);
                          });
    }
    void answered(const error_code& error) {
        wipe_key_text(answer_);
        if (error) return close();
        wait_for_client();
        next_request();
    }

    const UapiDevice& device_;
    const std::chrono::milliseconds patience_;
    std::shared_ptr<std::vector<Client*>> others_;
    StreamSocket socket_;
    asio::steady_timer deadline_;
    bool waited_for_ = false;
    bool has_ended_ = false;  // the client sends no more
    UapiReader reader_;
    std::array<std::uint8_t, piece_bytes> piece_{};
    std::string_view unread_;  // of the piece
    std::string answer_;
};

UapiServer::UapiServer(asio::io_context& context, UniqueFd listener, UapiDevice device,
                       std::chrono::milliseconds patience)
    : acceptor_(context, std::move(listener),
                [this](StreamSocket socket) { admit(std::move(socket)); }),
      device_(std::move(device)),
      patience_(patience) {}

UapiServer::~UapiServer() = default;

void UapiServer::admit(StreamSocket socket) {
    if (clients_->size() >= max_clients) {
        const auto lazier = [](const Client* a, const Client* b) {
            if (a->is_waited_for() != b->is_waited_for()) return a->is_waited_for();
            return a->waited_until() < b->waited_until();
        };
        Client* const laziest = *std::min_element(clients_->begin(), clients_->end(), lazier);
        if (!laziest->is_waited_for()) return;
        laziest->close();
    }
    std::make_shared<Client>(*this, std::move(socket))->start();
}

}  // namespace wgns
