#include "dataplane/worker.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace wgns {

Worker::Worker(std::unique_ptr<Io> io, std::unique_ptr<Aead> aead, SharedDevice& device,
               Mailbox& mailbox, const Clock& clock)
    : aead_(std::move(aead)),
      device_(device),
      mailbox_(mailbox),
      clock_(clock),
      ingress_(device_, *aead_, io->offloads()),
      egress_(*aead_),
      io_(std::move(io)) {
    turn_.to_udp.set_segments_max(io_->segments_max());
}

void Worker::begin() {
    io_->wait(Duration::zero());
    {
        const auto device = device_.hold();
        for (Command& command : mailbox_.take())
            apply(device, command, clock_.moment());
        device->end_turn();
        deadline_ = device->next_deadline();
    }
    io_->submit(turn_);
}

void Worker::run() {
    while (!stopping_ && turn()) {  // the program's only unbounded loop
    }
    io_->end();
}

bool Worker::turn() {
    io_->wait(longest_wait());
    const bool has_tun = io_->collect(turn_);
    const Moment moment = clock_.moment();  // one reading for the whole turn
    const std::size_t backlog = ingress_.backlog();
    ingress_.run(turn_, moment);
    run_device(moment);
    egress_.seal(turn_);
    {
        const auto device = device_.hold();
        turn_.pins.release();
        device->end_turn();
        device.drops() += std::exchange(turn_.drops, {});
        device.queues().handshake_messages += ingress_.backlog() - backlog;
        device.queues().longest_turn =
            std::max(device.queues().longest_turn, clock_.now() - moment.now);
        // Whoever made a deadline is awake now and sleeps no longer than until it is due, so other
        // workers need not be told.
        deadline_ = device->next_deadline();
    }
    io_->submit(turn_);
    return has_tun && !stopping_;
}

Duration Worker::longest_wait() const {
    if (ingress_.backlog() != 0) return Duration::zero();
    if (deadline_.is_never()) return Duration::max();
    return std::max(deadline_ - clock_.now(), Duration::zero());
}

// All that needs the device and is not about a received datagram.
void Worker::run_device(Moment moment) {
    const auto device = device_.hold();
    device->expire(moment, turn_.to_udp, turn_.drops);
    if (turn_.has_commands)
        for (Command& command : mailbox_.take())
            apply(device, command, moment);
    // Last, because all of the above may have made staged packets ready.
    egress_.route(turn_, *device, moment);
}

void Worker::apply(const SharedDevice::Guard& device, Command& command, Moment moment) {
    if (auto* const change = std::get_if<ApplyChange>(&command)) {
        const bool has_room = device->apply(std::move(change->change), moment, turn_.to_udp);
        if (change->done) change->done(has_room ? 0 : EINVAL);
    } else if (const auto* const take = std::get_if<TakeSnapshot>(&command)) {
        take->done(snapshot(device));
    } else if (const auto* const mtu = std::get_if<SetMtu>(&command)) {
        device->set_mtu(mtu->mtu);
    } else if (auto* const udp = std::get_if<SetUdp>(&command)) {
        io_->set_udp(std::move(udp->v4), std::move(udp->v6), std::move(udp->done));
        device->forget_sources();
    } else if (std::holds_alternative<ForgetSources>(command)) {
        device->forget_sources();
    } else if (std::holds_alternative<LinkUp>(command)) {
        device->link_up(moment, turn_.to_udp);
    } else if (std::holds_alternative<LinkDown>(command)) {
        device->link_down(turn_.drops);
    } else {
        stopping_ = true;
    }
}

WorkerSnapshot Worker::snapshot(const SharedDevice::Guard& device) const {
    Queues queues = device.queues();
    device.queues().longest_turn = {};
    return {device->snapshot(), device.drops(), queues, std::string(io_->name()),
            std::string(aead_->name())};
}

}  // namespace wgns
