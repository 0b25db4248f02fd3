#include "cli/bench/initiators.h"

#include <algorithm>

#include "crypto/x25519.h"

namespace wgns::bench {

Initiators::Initiator::Initiator(PrivateKey key, const PublicKey& daemon)
    : identity(std::move(key)), stamper(daemon) {
    handshake.set_identities(identity, daemon);
}

Initiators::Initiators(std::size_t count, const PublicKey& daemon) {
    for (std::size_t i = 0; i < count; ++i)
        initiators_.push_back(std::make_unique<Initiator>(generate_private_key(entropy_), daemon));
}

InitiationMessage Initiators::initiate(Moment moment) {
    // A stamp serves every peer once. They are 17 ms apart, so a flood may run ahead of the clock.
    if (next_ == 0) stamp_ = std::max(Tai64n::at(moment.wall), stamp_.next());
    const auto index = static_cast<std::uint32_t>(next_);
    Initiator& initiator = *initiators_[next_];
    next_ = (next_ + 1) % initiators_.size();
    auto message =
        initiator.handshake.create_initiation(initiator.identity, index, stamp_, entropy_);
    WG_ASSERT(message);
    initiator.stamper.stamp(*message, moment.now);
    return *message;
}

std::optional<SessionKeys> Initiators::take_response(const ResponseView& response) noexcept {
    if (response.receiver() >= initiators_.size()) return std::nullopt;
    Initiator& initiator = *initiators_[response.receiver()];
    auto keys = initiator.handshake.consume_response(response, initiator.identity);
    if (!keys) return std::nullopt;
    return std::move(*keys);
}

void Initiators::take_cookie(const CookieReplyView& reply, TimePoint now) noexcept {
    // One that answers a message that is not ours is not authentic, and changes nothing.
    if (reply.receiver() < initiators_.size())
        static_cast<void>(initiators_[reply.receiver()]->stamper.consume(reply, now));
}

}  // namespace wgns::bench
