// Peers of a daemon, each with keys of its own, and the initiations they send.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "protocol/cookie.h"
#include "protocol/handshake.h"

namespace wgns::bench {

class Initiators {
public:
    Initiators(std::size_t count, const PublicKey& daemon);

    [[nodiscard]] std::size_t size() const noexcept { return initiators_.size(); }
    [[nodiscard]] const PublicKey& public_key(std::size_t number) const noexcept {
        return initiators_[number]->identity.public_key();
    }
    // Whose turn it is.
    [[nodiscard]] std::size_t next() const noexcept { return next_; }
    // Of the peer whose turn it is, with both macs. Its sender index is the peer's number.
    [[nodiscard]] InitiationMessage initiate(Moment moment);
    // The session of the initiation that it answers, if it is ours.
    [[nodiscard]] std::optional<SessionKeys> take_response(const ResponseView& response) noexcept;
    // Stamps that peer's next initiations.
    void take_cookie(const CookieReplyView& reply, TimePoint now) noexcept;

private:
    struct Initiator {
        Initiator(PrivateKey key, const PublicKey& daemon);

        StaticIdentity identity;
        Handshake handshake;
        MacStamper stamper;
    };

    SystemEntropy entropy_;
    std::vector<std::unique_ptr<Initiator>> initiators_;
    std::size_t next_ = 0;
    Tai64n stamp_;
};

}  // namespace wgns::bench
