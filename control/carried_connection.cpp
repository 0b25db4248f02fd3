#include "control/carried_connection.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

namespace wgns {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

bool is_for_later(int code) {
    return code == EAGAIN || code == EINTR;
}

}  // namespace

CarriedConnection::CarriedConnection(StreamSocket one, StreamSocket other,
                                     std::function<void()> ended)
    : one_(std::move(one)), other_(std::move(other)), ended_(std::move(ended)) {}

void CarriedConnection::start(StreamSocket one, StreamSocket other, std::function<void()> ended) {
    const auto made =
        std::make_shared<CarriedConnection>(std::move(one), std::move(other), std::move(ended));
    made->wait(made->there_);
    made->wait(made->back_);
}

void CarriedConnection::wait(Direction& way) {
    way.from.async_wait(StreamSocket::wait_read,
                        [this, self = shared_from_this(), &way](const error_code& error) {
                            if (error == asio::error::operation_aborted) return;
                            if (error) return break_off();
                            carry(way);
                        });
}

// What arrived goes on at once, from the stack: memory is held only for what the other side does
// not take.
void CarriedConnection::carry(Direction& way) {
    std::array<char, buffer_bytes> bytes;
    const ssize_t got = ::recv(way.from.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got == 0) return end(way);
    if (got < 0) return is_for_later(errno) ? wait(way) : break_off();
    const auto size = static_cast<std::size_t>(got);
    ssize_t sent = ::send(way.to.native_handle(), bytes.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && !is_for_later(errno)) return break_off();
    const std::size_t gone = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    if (gone == size) return wait(way);
    way.left.assign(bytes.data() + gone, bytes.data() + size);
    carry_rest(way);
}

void CarriedConnection::carry_rest(Direction& way) {
    asio::async_write(
        way.to, asio::buffer(way.left),
        [this, self = shared_from_this(), &way](const error_code& error, std::size_t) {
            if (error == asio::error::operation_aborted) return;
            if (error) return break_off();
            std::vector<char>().swap(way.left);
            wait(way);
        });
}

void CarriedConnection::end(Direction& way) {
    error_code error;
    way.to.shutdown(StreamSocket::shutdown_send, error);
    // Who would not hear of the end would wait for it, and for ever; who has gone will not.
    if (error && error != asio::error::not_connected) return break_off();
    way.is_over = true;
    if (there_.is_over && back_.is_over) close();
}

void CarriedConnection::break_off() {
    if (!one_.is_open()) return;
    reset_connection(one_);
    reset_connection(other_);
    ended_();
}

void CarriedConnection::close() {
    error_code ignored;
    one_.close(ignored);
    other_.close(ignored);
    ended_();
}

}  // namespace wgns
