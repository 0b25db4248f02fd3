#include "dataplane/worker.h"

#include <algorithm>
#include <utility>

namespace wgns {

Worker::Worker(std::unique_ptr<Io> io, std::unique_ptr<Aead> aead, Mailbox& mailbox,
               const Clock& clock, Entropy& entropy)
    : io_(std::move(io)),
      aead_(std::move(aead)),
      mailbox_(mailbox),
      clock_(clock),
      device_(entropy),
      ingress_(device_, *aead_),
      egress_(device_, *aead_) {}

void Worker::run() {
    while (turn()) {  // the program's only unbounded loop
    }
}

bool Worker::turn() {
    io_->wait(longest_wait());
    const bool has_tun = io_->collect(turn_);
    const Moment moment = clock_.moment();  // one reading for the whole turn
    ingress_.run(turn_, moment);
    device_.expire(moment, turn_.to_udp, turn_.drops);
    if (turn_.has_commands) apply_commands(moment);
    // Last, because all of the above may have made staged packets ready.
    egress_.run(turn_, moment);
    device_.end_turn();
    io_->submit(turn_);
    return has_tun && !stopping_;
}

Duration Worker::longest_wait() const {
    if (ingress_.has_backlog()) return Duration::zero();
    const TimePoint deadline = device_.next_deadline();
    if (deadline.is_never()) return Duration::max();
    return std::max(deadline - clock_.now(), Duration::zero());
}

void Worker::apply_commands(Moment moment) {
    for (Command& command : mailbox_.take())
        apply(command, moment);
}

void Worker::apply(Command& command, Moment moment) {
    if (auto* const change = std::get_if<ApplyChange>(&command)) {
        device_.apply(std::move(change->change), moment, turn_.to_udp);
        if (change->done) change->done(0);
    } else if (const auto* const take = std::get_if<TakeSnapshot>(&command)) {
        take->done(snapshot());
    } else if (const auto* const mtu = std::get_if<SetMtu>(&command)) {
        device_.set_mtu(mtu->mtu);
    } else {
        stopping_ = true;
    }
}

WorkerSnapshot Worker::snapshot() const {
    return {device_.snapshot(), turn_.drops, std::string(io_->name()), std::string(aead_->name())};
}

}  // namespace wgns
