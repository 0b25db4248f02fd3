#include "control/live_device.h"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <memory>
#include <utility>

namespace wgns {

namespace asio = boost::asio;

LiveDevice::LiveDevice(asio::io_context& context, DataPlane& data_plane, Sockets sockets,
                       SocketCalls calls)
    : context_(context),
      data_plane_(data_plane),
      sockets_(std::move(sockets.copies)),
      calls_(std::move(calls)),
      listen_port_(port_of(sockets_)),
      port_was_asked_for_(sockets.port_was_asked_for),
      fwmark_(sockets.fwmark) {}

void LiveDevice::get(GetDone done) {
    const auto taken = [this, done](WorkerSnapshot snapshot) {
        auto shared = std::make_shared<DeviceSnapshot>(std::move(snapshot.device));
        asio::post(context_, [this, done, shared] {
            shared->listen_port = listen_port_;
            shared->fwmark = fwmark_;
            done(std::move(*shared));
        });
    };
    if (!data_plane_.post(TakeSnapshot{taken}))
        asio::post(context_, [done] { done(std::nullopt); });
}

void LiveDevice::set(DeviceChange change, SetDone done) {
    pending_.push_back({std::move(change), std::move(done)});
    if (pending_.size() == 1) start();
}

void LiveDevice::start() {
    const DeviceChange& change = pending_.front().change;
    const std::uint32_t fwmark = change.fwmark.value_or(fwmark_);
    if (needs_other_port(change)) return replace_sockets(*change.listen_port, fwmark);
    if (change.listen_port && *change.listen_port != 0) port_was_asked_for_ = true;
    if (fwmark != fwmark_) return mark_sockets(fwmark);
    apply_rest();
}

bool LiveDevice::needs_other_port(const DeviceChange& change) const noexcept {
    if (!change.listen_port) return false;
    return *change.listen_port == 0 ? port_was_asked_for_ : *change.listen_port != listen_port_;
}

// The old sockets stay until the others are bound, so that a port that is taken does no harm.
void LiveDevice::replace_sockets(std::uint16_t port, std::uint32_t fwmark) {
    auto fresh = calls_.open(static_cast<unsigned>(sockets_.size()), port, fwmark);
    auto copies = fresh ? duplicate(*fresh) : Result<UdpGroup>(fresh.error());
    if (!copies) {
        spdlog::error("{}", describe(copies.error()));
        return finish(EADDRINUSE);
    }
    std::vector<SetUdp> commands;
    for (UdpSockets& each : *fresh)
        commands.push_back({std::move(each.v4), std::move(each.v6), {}});
    const auto kept = std::make_shared<UdpGroup>(*std::move(copies));
    data_plane_.replace_udp(std::move(commands), back_here([=, this](int error) {
                                if (error != 0) return finish(error);
                                sockets_ = std::move(*kept);
                                listen_port_ = port_of(sockets_);
                                port_was_asked_for_ = port != 0;
                                fwmark_ = fwmark;
                                apply_rest();
                            }));
}

void LiveDevice::mark_sockets(std::uint32_t fwmark) {
    const auto marked = calls_.mark(sockets_, fwmark);
    if (!marked) {
        spdlog::error("{}", describe(marked.error()));
        return finish(EADDRINUSE);
    }
    fwmark_ = fwmark;
    if (!data_plane_.post(ForgetSources{})) return finish(EBUSY);
    apply_rest();
}

void LiveDevice::apply_rest() {
    DeviceChange& change = pending_.front().change;
    const bool posted = data_plane_.post(
        ApplyChange{std::move(change), back_here([this](int error) { finish(error); })});
    if (!posted) finish(EBUSY);
}

void LiveDevice::finish(int error) {
    asio::post(context_, [this, error] {
        const SetDone done = std::move(pending_.front().done);
        pending_.pop_front();
        if (!pending_.empty()) start();
        done(error);
    });
}

std::function<void(int)> LiveDevice::back_here(std::function<void(int)> then) {
    return [this, then = std::move(then)](int error) {
        asio::post(context_, [then, error] { then(error); });
    };
}

}  // namespace wgns
